#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/controller/converge.h"
#include "services/controller/ports/memory_store.h"
#include "tests/simulation/sim_farm.h"
#include "tests/simulation/world.h"

namespace weft::simulation {

// One controller's way to the store: shows the world what the record has become after each write.
class SimStore : public controller::MemoryStore {
 public:
  explicit SimStore(World* world);

  // While true, the answer to a step on the record may be lost, and the step be done later.
  void set_late(const bool* late) { late_ = late; }
  // Does what is due of that.
  void Turn();
  void SetTerm(uint64_t term) override;

  absl::Status SetIntent(const std::string& group, uint64_t revision, const Intent& intent,
                         const controller::Operation& operation) override;
  absl::Status EndIntent(const std::string& group, const controller::Operation& ended) override;
  absl::Status Apply(const Group& seen, const controller::Step& step, absl::Time now) override;
  absl::Status UpdateServer(const std::string& group, uint64_t revision, const ServerUuid& uuid,
                            const Server& server) override;
  absl::Status UpdateGroup(const Group& group) override;

 private:
  absl::Status Shown(absl::Status status);

  struct Late {
    Millis due;
    uint64_t term;
    Group seen;
    controller::Step step;
  };

  World* const world_;
  controller::MemoryStore reader_;
  controller::MemoryStore writer_;  // of what comes late
  uint64_t term_ = 0;
  const bool* late_ = nullptr;
  std::vector<Late> on_its_way_;
};

// A process that competes for the lease and, while it leads, runs the rounds of group "g" with the
// same Converger as the real one. An actor of the world.
class SimController {
 public:
  // Told of each round that did something or was refused.
  using Listener = std::function<void(int controller, const controller::Round& round)>;

  SimController(World* world, int index, const bool* store_down, const bool* store_flaky,
                Listener listener);

  // The thread that holds the lease, and the one that runs the rounds: each an actor of its own.
  void LeaseTurn();
  void RoundTurn();
  // A request came in: the next round is due.
  void Wake() { next_round_ = 0; }
  // The request for it, in the place of the next round; lost with the process.
  void ChangeAcknowledgements(uint32_t count) { acknowledgements_ = count; }

  // Faults. A paused one neither runs nor notices; a crashed one comes back as a new process.
  void Crash() { crashed_ = true; }
  void Restart() { restart_ = true; }
  void Pause(bool paused) { paused_ = paused; }

  bool leading() const { return !crashed_ && leading_; }
  // How many rounds in a row found the group settled.
  int settled_rounds() const { return settled_rounds_; }
  void CountSettledAnew() { settled_rounds_ = 0; }
  const std::string& last_plan() const { return last_plan_; }
  uint64_t term() const { return lease_.term; }

 private:
  void Begin();
  void Lead();
  void Challenge();
  void OneRound();
  absl::Status Make(uint32_t acknowledgements);
  bool MayAct();
  bool HasLost(size_t monitor, const SimServer& server) const;
  bool IsBlind(size_t monitor) const;
  // As the monitors' heartbeats would find it.
  bool CommitsStandStill(const SimServer& server) const;
  std::string RunProgram(const std::function<bool()>& is_moot);
  std::map<ServerUuid, controller::Report> Reports(const std::vector<ServerUuid>& servers);
  void Watch();

  World* const world_;
  const int index_;
  const bool* const store_down_;
  const bool* const store_flaky_;
  const Listener listener_;
  SimClock clock_;

  bool crashed_ = false;
  bool restart_ = false;
  bool paused_ = false;
  int incarnation_ = 0;
  std::unique_ptr<SimStore> store_;
  std::vector<std::unique_ptr<SimStore>> old_stores_;  // of processes that crashed
  std::unique_ptr<SimFarm> farm_;
  std::unique_ptr<controller::Converger> converger_;  // of the last term in which it led
  bool leading_ = false;
  bool in_round_ = false;
  controller::Lease lease_;
  Millis seen_since_ = 0;  // the lease as it is now
  Millis renewed_ = 0;     // when the last successful renewal was sent
  Millis next_lease_ = 0;
  Millis next_round_ = 0;
  std::vector<std::vector<Millis>> lost_since_;  // by monitor and server; -1: not lost
  int lost_count_ = 0;
  std::optional<uint32_t> acknowledgements_;  // asked for
  int settled_rounds_ = 0;
  std::string last_plan_;
};

}  // namespace weft::simulation
