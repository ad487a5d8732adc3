#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/link.h"
#include "services/controller/mysql/opener.h"
#include "services/controller/mysql/term_gate.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// The farm of real MySQL servers. Each server of a group has a Link: held sessions that are opened
// ahead, so that neither a look nor a step pays for a connection while it matters.
// Thread-safe; steps on one server wait for each other, those on different servers do not.
// See ports/farm.h for the contract of each call.
class MysqlFarm : public Farm {
 public:
  // Connects to nothing yet. `clock` outlives the farm.
  MysqlFarm(FarmOptions options, Clock* clock);
  // Closes every session. Waits for looks and steps under way (bounded by their deadlines).
  ~MysqlFarm() override;

  void SetTerm(uint64_t term, std::function<bool()> still_leading) override;
  std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) override;
  absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) override;
  void Interrupt(const Group& group, const std::set<ServerUuid>& servers) override;
  absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                  absl::Duration deadline) override;
  absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) override;
  absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) override;
  // UNIMPLEMENTED where the versions have no CLONE plugin (before 8.0.24), FAILED_PRECONDITION
  // where they differ.
  absl::StatusOr<ServerUuid> Clone(const Group& group, const ServerUuid& recipient,
                                   const ServerUuid& donor, std::function<void(double)> progress,
                                   absl::Duration deadline) override;
  absl::StatusOr<std::string> SaveTransactions(const Group& group, const ServerUuid& server,
                                               const GtidSet& set,
                                               absl::Duration deadline) override;
  absl::StatusOr<Rewound> Rewind(const Group& group, const ServerUuid& server,
                                 const GtidSet& errant, bool dry_run,
                                 std::function<void(double)> progress,
                                 absl::Duration deadline) override;
  // `duty` by its name: "manage", "replicate", "backup", "restore", "monitor". Where the version
  // has dual passwords (8.0.14) the earlier one stays valid until the next rotation; else sessions
  // that are open stay open. For "replicate" the replicas log in with the new one afterwards, one
  // by one. The caller replaces what its Login.password reads once this returned OK.
  absl::Status RotatePassword(const Group& group, absl::string_view duty,
                              absl::string_view new_password, absl::Duration deadline) override;
  void Forget(const HostPort& address) override;

 private:
  std::shared_ptr<Link> LinkTo(const HostPort& address);
  absl::StatusOr<std::shared_ptr<Link>> LinkOf(const Group& group, const ServerUuid& server);

  const FarmOptions options_;
  Clock* const clock_;
  TermGate gate_;
  Opener opener_;

  Mutex mutex_;
  std::map<HostPort, std::shared_ptr<Link>> links_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
