#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/controller/core/memory.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// The reason of a GiveUp that somebody asked for: the intent's operation then ends as CANCELLED.
inline constexpr char kCancelled[] = "CANCELLED";

// How one step ended.
struct StepResult {
  Step step;
  absl::Status status;
  absl::Duration took;
};

// How one round ended. While an intent is pending, and after a round that ended one, call Once
// again until the group is settled, also where it is not active: repairs may be left to do.
enum class RoundEnd {
  kActed,    // a phase was done: look again now
  kFailed,   // a step failed, or the store or lease did: look again after a short rest
  kWaiting,  // nothing can be done yet (`plan.waiting_for`): look again soon
  kRefused,  // `plan.refusal`; an intent that was pending has been ended by it
  kSettled,  // the group is as it should be
};

// What one round saw, decided and did: for events, metrics, operations and the API.
struct Round {
  RoundEnd end = RoundEnd::kFailed;
  // OK, or what hindered the round as a whole (store, lease) or its first failed step.
  absl::Status status;
  std::optional<Snapshot> snapshot;  // absent when the record could not be read
  Plan plan;
  std::vector<StepResult> results;
  // The intent's operation as this round ended it (Finish or refusal), if it did.
  std::optional<Operation> ended;
  // The operation of the failover that this round began, if it did.
  std::optional<Operation> began;
};

// The loop of one group: observe, decide, act on one phase (design section 3). A value with memory
// of earlier looks; make a new one with each term. Not thread-safe: one round at a time. The same
// code runs under the reconciler's threads and, on one thread, in the simulator.
class Converger {
 public:
  struct Options {
    // One look at all servers of a group.
    absl::Duration probe_deadline = absl::Milliseconds(1000);
    // One step other than CatchUp, which brings its own budget.
    absl::Duration step_deadline = absl::Seconds(5);
    // After a step on the record only the record is read again, while the look at the servers is
    // not older than this (counted from its beginning): a record step changes no server.
    absl::Duration look_valid_for = absl::Milliseconds(250);
    // A primary is not dead while a replica heard from it more recently than this (rule 7).
    absl::Duration heard_threshold = absl::Milliseconds(1500);
    // An acknowledger whose process is gone may be narrowed out after this long (rule 3).
    absl::Duration narrow_after = absl::Seconds(5);
    // A primary is not sick before it has executed nothing for this long (rule 7).
    absl::Duration sick_after = absl::Seconds(3);
    // S24: after a failover the next one waits this long, unless the group has healed meanwhile,
    // and where the group's settings do not say for how long. People's orders do not wait.
    absl::Duration failover_cool_down = absl::Seconds(10);
  };

  struct Ports {
    Farm* farm = nullptr;
    Store* store = nullptr;
    Clock* clock = nullptr;
    // The monitors' votes on these servers.
    std::function<std::map<ServerUuid, Report>(const std::vector<ServerUuid>&)> reports;
    // OK while this controller's lease is good (rule 10). Asked, locally, before each step.
    std::function<absl::Status()> may_act;
    // Runs all of them, in any order or at the same time, and returns when all have returned. Calls
    // `watch`, where it is not empty, now and then meanwhile from the calling thread; or never.
    std::function<void(std::vector<std::function<void()>>, const std::function<void()>& watch)>
        run_all;
    // A fresh id for the operation of an automatic failover.
    std::function<std::string()> new_operation_id;
    // Runs a program and says what it answered, as HookRecord keeps it. Blocks until the program's
    // own deadline at most, and ends it when `may_act` is no longer OK, or once `is_moot`, which it
    // asks now and then from the calling thread. One that is only told of what was done is not
    // waited for: it runs, until a later call says how it ended. Empty: there are no programs.
    std::function<std::string(const Snapshot& snapshot, const RunHook& step,
                              const std::function<bool()>& is_moot)>
        run_hook = {};
    // Somebody asked for an end of this operation. Local, no I/O. Empty: nobody ever does.
    std::function<bool(const std::string& operation)> cancelled = {};
    // Such a program of the change of `hooks`, begun by run_hook, has not ended. Empty: none has.
    std::function<bool(const std::string& group, const HookRecord& hooks)> hook_runs = {};
  };

  Converger(std::string group, Options options, Ports ports);

  // One round. Blocks at most for a look, a step's deadline and a few store calls. What keeps a
  // group in order gives way to its primary's recovery (S25).
  Round Once();

  // Reads the record and looks at all servers now. Writes nothing.
  absl::StatusOr<Snapshot> Look();

 private:
  absl::StatusOr<Snapshot> Observe(bool may_reuse);
  void Act(const Snapshot& snapshot, Round* round);
  void ActOnServers(const Snapshot& snapshot, Round* round);
  // A look made now leads to a failover, also without what is seen of those on which steps are
  // under way.
  bool FailoverIsDue(const Group& group, const std::set<ServerUuid>& busy);
  // A look at a group whose primary the monitors have lost; nullopt: they have not.
  std::optional<Snapshot> LookIfMissed(const ServerUuid& primary);
  absl::Status ActOnRecord(const Snapshot& snapshot, const Step& step, Round* round);
  void ActByProgram(const Snapshot& snapshot, const RunHook& step, Round* round);
  // Why what this program is asked about will not be; empty: it may.
  std::string WhyMoot(const ServerUuid& primary, const RunHook& step);
  // After a write of unknown outcome: sees to it that it is done or can be done no more, before
  // anything is decided by the record (design section 3).
  absl::Status SettleUnknown(const Group& group);
  void EndRefused(const Snapshot& snapshot, Round* round);
  absl::Status EndIntent(const Group& group, OperationState state, const std::string& reason,
                         const std::string& message, Round* round);

  const std::string group_;
  const Options options_;
  const Ports ports_;
  Memory memory_;
  // The last look at the servers, and when it began; reused after a step on the record.
  std::optional<Snapshot> last_look_;
  absl::Duration last_look_began_ = absl::ZeroDuration();
  bool reuse_look_ = false;
  // The record as it was seen by a write whose outcome is not known.
  std::optional<Group> unsettled_;
};

}  // namespace weft::controller
