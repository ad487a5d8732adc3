#pragma once
// A farm in memory, just true enough for tests of what stands above it: replication is instant and
// nothing lags. The simulator's SimFarm is the one for questions of safety.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// Thread-safe. Blocks only where a test has a server hang.
class FakeFarm : public Farm {
 public:
  struct FakeServer {
    ServerUuid uuid;
    HostPort address;
    bool up = true;
    bool rejects = false;  // "too many connections"
    bool stuck = false;    // it receives and applies nothing more, and does not say so
    bool unseen = false;   // looks at it take too long; steps do not
    bool unwhole = false;  // a clone or rewind of it has not ended
    bool super_read_only = true;
    GtidSet executed;
    GtidSet received;
    std::map<std::string, uint64_t> astray;  // rows of each table in what only it has
    ServerUuid source;                       // empty: replicates from nobody
    bool receiver_on = false;
    bool source_enabled = false;
    uint32_t wait_for = 0;
    bool replica_enabled = false;
    std::vector<AdmissionProblem> problems;  // that admission finds
    bool clone_would_help = false;
  };

  // A server number `n` (1..9): uuid of that digit, address "sN:3306", as it was set up by hand.
  // Replicas of tests begin empty.
  ServerUuid Add(int n);
  static ServerUuid UuidOf(int n);
  static HostPort AddressOf(int n);

  // Writes one transaction on the server, as a client would; false when it refuses.
  bool WriteOn(const ServerUuid& server);
  // A transaction that only this server has.
  void WriteAstray(const ServerUuid& server, const std::string& table = "`app`.`ledger`");
  void Kill(const ServerUuid& server);
  // Comes back read-only, with its flags off.
  void Start(const ServerUuid& server);
  void Edit(const ServerUuid& server, const std::function<void(FakeServer&)>& edit);
  FakeServer Get(const ServerUuid& server) const;
  // Every step that was applied, in order.
  std::vector<std::string> Applied() const;
  // The next Apply of a step on `server` fails with this.
  void FailNext(const ServerUuid& server, absl::Status status);
  // The next rewind of `server` fails with this.
  void FailRewind(const ServerUuid& server, absl::Status status);
  // Looks at the server get no answer and steps on it no end, whatever their deadline, until Wake.
  void Hang(const ServerUuid& server);
  void Wake(const ServerUuid& server);
  // A step waits on it.
  bool HasHung(const ServerUuid& server) const;
  // Every look takes so long from now on.
  void SlowLooks(absl::Duration time);

  void SetTerm(uint64_t term, std::function<bool()> still_leading) override;
  std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) override;
  absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) override;
  absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                  absl::Duration deadline) override;
  absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) override;
  absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) override;
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
  absl::Status RotatePassword(const Group& group, absl::string_view duty,
                              absl::string_view new_password, absl::Duration deadline) override;
  void Forget(const HostPort& address) override;

  uint64_t term() const;

 private:
  void Replicate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Observation Look(const FakeServer& server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FakeServer* At(const HostPort& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Do(const Step& step, FakeServer* server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  uint64_t term_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<ServerUuid, FakeServer> servers_ ABSL_GUARDED_BY(mutex_);
  std::map<ServerUuid, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<ServerUuid, absl::Status> rewind_failures_ ABSL_GUARDED_BY(mutex_);
  CondVar woken_;
  std::set<ServerUuid> hanging_ ABSL_GUARDED_BY(mutex_);
  std::set<ServerUuid> hung_ ABSL_GUARDED_BY(mutex_);  // of these: a step waits
  absl::Duration look_time_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> applied_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
