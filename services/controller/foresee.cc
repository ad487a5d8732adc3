#include "services/controller/foresee.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "services/controller/core/decide.h"
#include "services/controller/ports/record_steps.h"

namespace weft::controller {
namespace {

// What one step would make of what is seen.
class Effects {
 public:
  Effects(Snapshot* look, absl::Time now) : look_(look), now_(now) {}

  void operator()(const Fence& step) {
    Observation& seen = look_->seen[step.server];
    seen.read_only = seen.super_read_only = true;
    seen.offline = false;
  }
  void operator()(const Unfence& step) {
    Observation& seen = look_->seen[step.server];
    seen.read_only = seen.super_read_only = seen.offline = false;
    seen.may_start_writable = false;
  }
  void operator()(const StopReceiver& step) {
    look_->seen[step.server].replication.receiver = ThreadState::kOff;
    look_->seen[step.server].semi_sync.replica_active = false;
    StopStreamingTo(step.server);
  }
  void operator()(const StopReplica& step) {
    (*this)(StopReceiver{.server = step.server});
    look_->seen[step.server].replication.applier_running = false;
  }
  void operator()(const CatchUp& step) {
    Observation& seen = look_->seen[step.server];
    seen.executed = seen.executed.Union(step.goal);
    seen.received = seen.received.Union(step.goal);
    seen.replication.applier_running = true;
  }
  void operator()(const Follow& step) {
    Observation& seen = look_->seen[step.server];
    seen.read_only = seen.super_read_only = true;
    seen.replication = Replication();
    seen.replication.configured = true;
    seen.replication.source = step.source_address;
    seen.replication.source_uuid = step.source;
    seen.replication.auto_position = true;
    seen.replication.own_account = step.own_account;
    seen.replication.receiver = ThreadState::kOn;
    seen.replication.applier_running = true;
    seen.replication.heard_ago = absl::ZeroDuration();
    seen.semi_sync.replica_enabled = seen.semi_sync.replica_active = step.acknowledge;
    StopStreamingTo(step.server);
    Observation& source = look_->seen[step.source];
    source.streaming_to.push_back(step.server);
    if (step.acknowledge) ++source.semi_sync.source_clients;
    seen.received = seen.received.Union(source.executed);
    seen.executed = seen.executed.Union(source.executed);
  }
  void operator()(const Detach& step) {
    Observation& seen = look_->seen[step.server];
    seen.replication = Replication();
    seen.semi_sync.replica_enabled = seen.semi_sync.replica_active = false;
    StopStreamingTo(step.server);
  }
  void operator()(const OpenAccount& step) {
    look_->seen[step.server].accounts[step.replica] = false;
  }
  void operator()(const LockAccount& step) {
    look_->seen[step.server].accounts[step.replica] = true;
    StopStreamingTo(step.replica);
  }
  void operator()(const ArmSource& step) {
    SemiSync& semi_sync = look_->seen[step.server].semi_sync;
    semi_sync.source_enabled = semi_sync.source_active = step.wait_for > 0;
    semi_sync.source_endless = true;
    semi_sync.source_wait_for = step.wait_for;
  }
  void operator()(const CloseAtStart& step) { look_->seen[step.server].may_start_writable = false; }
  void operator()(const RotateLog&) {}
  void operator()(const BeginFailover& step) {
    look_->group.intent = Intent();
    look_->group.intent.goal = Goal::kPromote;
    look_->group.intent.failover = true;
    look_->group.intent.target = step.target;
    look_->group.intent.operation = "foreseen";
  }
  void operator()(const BeginSwitchover& step) {
    look_->group.intent.target = step.target;
    look_->group.intent.reopen = true;
  }
  void operator()(const GiveUp& step) {
    look_->group.intent.given_up = step.reason;
    look_->group.intent.given_up_message = step.message;
  }
  void operator()(const Finish&) { look_->group.intent = Intent(); }
  void operator()(const RunHook& step) {
    HookRecord& hooks = look_->group.hooks;
    if (hooks.operation != step.operation) hooks = HookRecord();
    hooks.operation = step.operation;
    hooks.outcomes[step.occasion] = kHookOk;
  }
  template <typename RecordStep>
  void operator()(const RecordStep& step) {
    const Group seen = look_->group;
    // Fails only for a server that is not there, which Decide does not name.
    (void)ApplyRecordStep(seen, Step(step), now_, &look_->group);
  }

 private:
  void StopStreamingTo(const ServerUuid& replica) {
    for (auto& [uuid, seen] : look_->seen) {
      auto& to = seen.streaming_to;
      to.erase(std::remove(to.begin(), to.end(), replica), to.end());
    }
  }

  Snapshot* const look_;
  const absl::Time now_;
};

}  // namespace

std::vector<Plan> Foresee(Snapshot look, absl::Time now, int max_phases) {
  std::vector<Plan> phases;
  for (int phase = 0; phase < max_phases; ++phase) {
    Plan plan = Decide(look);
    if (plan.settled()) break;
    phases.push_back(plan);
    if (plan.steps.empty()) break;
    Effects effects(&look, now);
    for (const Step& step : plan.steps) std::visit(effects, step);
  }
  return phases;
}

}  // namespace weft::controller
