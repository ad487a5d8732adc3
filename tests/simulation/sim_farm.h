#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/controller/core/fencing.h"
#include "services/controller/ports/farm.h"
#include "tests/simulation/world.h"

namespace weft::simulation {

// A whole Farm over the servers of a World, as one controller has it. Waiting ticks the world. A
// statement that was sent runs when the server gets to it, also when nobody waits for it any more;
// sessions of earlier terms are killed at the first contact of a new one (rule 10).
class SimFarm : public controller::Farm {
 public:
  // `alive`: false from the moment the controller has crashed; then nothing more is sent.
  SimFarm(World* world, int controller, std::function<bool()> alive);

  void SetTerm(uint64_t term, std::function<bool()> still_leading) override;
  std::map<ServerUuid, controller::Observation> Probe(const Group& group,
                                                      absl::Duration deadline) override;
  absl::Status Apply(const Group& group, const controller::Step& step,
                     absl::Duration deadline) override;
  absl::StatusOr<controller::Admission> Admit(const Group& group, const HostPort& address,
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

 private:
  // True when the effect was had; false when it has to be tried again.
  using Statement = std::function<bool(SimServer&)>;

  Millis After(absl::Duration duration) const;
  int IndexOf(const ServerUuid& server) const;
  absl::StatusOr<int> IndexAt(const HostPort& address) const;
  // Whether the server would answer this instant; OK, or why not.
  absl::Status Ask(int server);
  absl::Status Connect(int server, Millis until);
  absl::Status Execute(int server, Millis until, Statement statement);
  absl::Status Abandon(int server, const std::shared_ptr<bool>& done);
  void LookAt(std::vector<int> servers, Millis until,
              std::map<ServerUuid, controller::Observation>* seen);

  absl::Status Run(const controller::Fence& step, Millis until);
  absl::Status Make(controller::FenceMove move, int index, Millis until);
  absl::Status AskForReadOnly(int index, Millis until);
  absl::Status Run(const controller::Unfence& step, Millis until);
  absl::Status Run(const controller::StopReceiver& step, Millis until);
  absl::Status Run(const controller::CatchUp& step, Millis until);
  absl::Status Run(const controller::Follow& step, Millis until);
  absl::Status Run(const controller::StopReplica& step, Millis until);
  absl::Status Run(const controller::Detach& step, Millis until);
  absl::Status Run(const controller::OpenAccount& step, Millis until);
  absl::Status Run(const controller::LockAccount& step, Millis until);
  absl::Status Run(const controller::ArmSource& step, Millis until);
  absl::Status Run(const controller::CloseAtStart& step, Millis until);
  absl::Status Run(const controller::RotateLog& step, Millis until);

  World* const world_;
  const int controller_;
  const std::function<bool()> alive_;
  uint64_t term_ = 0;
  std::function<bool()> still_leading_;
  std::map<int, uint64_t> swept_;  // under which term the sessions of others were last killed
};

}  // namespace weft::simulation
