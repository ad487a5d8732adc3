#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// Replicas that cannot be moved by then are moved after the commit, as where there are none to
// spare.
constexpr absl::Duration kMovePatience = absl::Seconds(1);

Refusal RefuseTarget(const Group& group, const ServerUuid& target, const std::string& reason,
                     const std::string& message) {
  return Refusal{
      .reason = reason,
      .message = absl::StrCat(NameOf(group, target), " ", message),
      .next_step = absl::StrCat("see weft why ", group.id, ", mend it or name another server"),
      .servers = {target}};
}

// It receives what the primary writes and applies it, not far behind.
std::optional<Refusal> RefuseLaggard(const Snapshot& snapshot, const ServerUuid& target) {
  const Group& group = snapshot.group;
  const Replication& replication = snapshot.Of(target).replication;
  const bool replicates =
      ReceivesFrom(snapshot, target, group.primary) && replication.applier_running;
  if (!replicates) {  // guard: rule 8
    return RefuseTarget(
        group, target, "TARGET_NOT_REPLICATING",
        absl::StrCat("was expected to replicate from ", NameOf(group, group.primary), ", found ",
                     replication.receiver_error.empty() && replication.applier_error.empty()
                         ? "that it does not"
                         : absl::StrCat(replication.receiver_error, replication.applier_error)));
  }
  if (replication.lag > group.intent.write_stop_budget) {  // guard: rule 8
    return RefuseTarget(
        group, target, "TARGET_LAGS",
        absl::StrCat("is ", DurationText(replication.lag), " behind, more than writes may stop (",
                     DurationText(group.intent.write_stop_budget), ")"));
  }
  return std::nullopt;
}

// After the switch commits must not wait for servers that are not there.
std::optional<Refusal> RefuseTooFewAcknowledgers(const Snapshot& snapshot,
                                                 const ServerUuid& target) {
  const Group& group = snapshot.group;
  if (!IsLosslessEpoch(group)) return std::nullopt;
  uint32_t reached = 0;
  for (const ServerUuid& server : AcknowledgersAfter(snapshot, target)) {
    if (snapshot.Of(server).reached()) ++reached;
  }
  if (reached >= WaitFor(group)) return std::nullopt;  // proof: rule 8
  return RefuseTarget(group, target, "NOT_ENOUGH_ACKNOWLEDGERS",
                      absl::StrCat("could lead, but its commits would wait for ", WaitFor(group),
                                   " acknowledgers, and ", reached, " could acknowledge"));
}

struct Choice {
  ServerUuid target;
  std::optional<Refusal> refusal;
};

Choice ChooseTarget(const Snapshot& snapshot) {
  const Intent& intent = snapshot.group.intent;
  Choice choice{.target = intent.target, .refusal = std::nullopt};
  const auto refuse = [&](const ServerUuid& target, bool by_name) {
    std::optional<Refusal> refusal = RefuseCandidate(snapshot, target, by_name);
    if (!refusal.has_value()) refusal = RefuseLaggard(snapshot, target);
    if (!refusal.has_value()) refusal = RefuseTooFewAcknowledgers(snapshot, target);
    return refusal;
  };
  if (!choice.target.empty()) {
    choice.refusal = refuse(choice.target, /*by_name=*/true);
    return choice;
  }
  choice.refusal = RefuseForWantOfCandidates(snapshot);
  for (const ServerUuid& candidate : Candidates(snapshot)) {
    choice.target = candidate;
    choice.refusal = refuse(candidate, /*by_name=*/false);
    if (!choice.refusal.has_value()) break;
  }
  return choice;
}

// While writes still go on, as many acknowledgers as commits will wait for follow the target, so
// that it finds them connected when it is opened: connecting them takes longer than all else does.
// The old primary keeps as many as its own commits wait for.
std::vector<Step> MoveAcknowledgers(const Snapshot& snapshot, const ServerUuid& target) {
  const Group& group = snapshot.group;
  if (!IsLosslessEpoch(group) || snapshot.switching_for > kMovePatience) return {};
  const std::set<ServerUuid> after = AcknowledgersAfter(snapshot, target);
  int spare = CountAcknowledging(snapshot) - static_cast<int>(WaitFor(group));
  int wanted = static_cast<int>(WaitFor(group));
  for (const ServerUuid& server : after) {
    if (ReceivesFrom(snapshot, server, target)) --wanted;
  }
  std::vector<Step> steps;
  for (const ServerUuid& server : after) {
    if (spare <= 0 || wanted <= 0) break;  // guard: rule 8
    // It keeps its relay log, and with it all that it has acknowledged (rule 4), and the target can
    // serve it.
    const Observation& seen = snapshot.Of(server);
    const bool movable = AcknowledgesNow(snapshot, server) && IsInPlace(snapshot, server) &&
                         seen.receiver_only_change && CanServe(snapshot, target, server) &&
                         !LocksOut(snapshot.Of(target), server);
    if (!movable) continue;  // guard: rule 4
    steps.push_back(FollowOf(snapshot, server, target, /*acknowledge=*/true));
    --spare;
    --wanted;
  }
  if (!steps.empty()) steps.push_back(RotateLog{.server = target});
  return steps;
}

// The target has yet to receive the last writes: nobody cuts it off (S19). Where nobody could be
// moved to it, the first commits wait until the old primary follows it.
std::vector<Step> StopWrites(const Snapshot& snapshot, const ServerUuid& target) {
  const Group& group = snapshot.group;
  std::vector<Step> steps = {
      Fence{.server = group.primary, .kill_sessions = true, .cut_off = false}};
  const bool followed =
      std::any_of(group.servers.begin(), group.servers.end(),
                  [&](const Server& one) { return ReceivesFrom(snapshot, one.uuid, target); });
  if (IsLosslessEpoch(group) && !followed) steps.push_back(RotateLog{.server = target});
  return steps;
}

// It was silent, and is locked out of the primary yet: it could not catch up.
std::vector<Step> LetTargetIn(const Snapshot& snapshot, const ServerUuid& target) {
  if (!IsLockedOut(snapshot, target)) return {};
  std::vector<Step> steps = LetIn(snapshot);
  // Others may go first; it is one of them once it acknowledges nothing unasked.
  if (steps.empty()) return FollowPrimary(snapshot, target, MayAcknowledge(snapshot, target));
  return steps;
}

// Writes could not be stopped: setting it read-only would wait as long as they do, and whatever
// releases them cuts the target off as well (S19).
std::optional<Refusal> RefuseHangingCommits(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Observation& primary = snapshot.Of(group.primary);
  const int acknowledging = CountAcknowledging(snapshot);
  if (!IsLosslessEpoch(group) || primary.semi_sync.source_waiting == 0) return std::nullopt;
  if (acknowledging >= static_cast<int>(WaitFor(group))) return std::nullopt;
  return Refusal{
      .reason = "COMMITS_WAIT",
      .message = absl::StrCat(primary.semi_sync.source_waiting, " commits on ",
                              NameOf(group, group.primary), " wait for ", WaitFor(group),
                              " acknowledgements, and ", acknowledging, " servers acknowledge"),
      .next_step = "bring an acknowledger back, or stop the primary: a failover follows",
      .servers = {group.primary}};
}

// While it is asked to stop them none begins: also that has its budget.
Refusal RefuseToGoOnStopping(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  return Refusal{
      .reason = "WRITES_NOT_STOPPED",
      .message = absl::StrCat(NameOf(group, group.primary), " could not be made read-only within ",
                              DurationText(group.intent.write_stop_budget)),
      .next_step = "look at its disk and its locks",
      .servers = {group.primary}};
}

}  // namespace

ServerUuid HeirOf(const Snapshot& snapshot) {
  if (RefuseHangingCommits(snapshot).has_value()) return ServerUuid();
  const Choice choice = ChooseTarget(snapshot);
  return choice.refusal.has_value() ? ServerUuid() : choice.target;
}

Plan DecideSwitchover(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Intent& intent = group.intent;
  const Observation& primary = snapshot.Of(group.primary);
  const Choice choice = ChooseTarget(snapshot);
  if (choice.refusal.has_value()) return GiveUpOrRefuse(snapshot, *choice.refusal);
  const ServerUuid& target = choice.target;

  std::vector<Step> fence = FenceFirst(snapshot);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  std::vector<Step> let_in = LetTargetIn(snapshot, target);
  if (!let_in.empty()) return Phase("let in", std::move(let_in));
  const bool is_fenced = IsFenced(primary);
  if (!is_fenced) {
    if (std::optional<Refusal> refusal = RefuseHangingCommits(snapshot)) {
      return GiveUpOrRefuse(snapshot, *refusal);  // guard: rule 8
    }
    if (intent.reopen && snapshot.switching_for > intent.write_stop_budget) {  // guard: rule 8
      return GiveUpOrRefuse(snapshot, RefuseToGoOnStopping(snapshot));
    }
  }
  if (!intent.reopen) {  // also of a primary that came back closed
    const HookDecision hook = DecideHook(snapshot, kBeforeSwitchover);
    if (hook.refusal.has_value()) return Refuse(*hook.refusal);   // guard: rule 8
    if (hook.run.has_value()) return Phase("hook", {*hook.run});  // guard: rule 8
  }
  if (!is_fenced) {  // guard: rule 2
    if (!intent.reopen) return Phase("begin", {BeginSwitchover{.target = target}});
    std::vector<Step> move = MoveAcknowledgers(snapshot, target);
    if (!move.empty()) return Phase("move replicas", std::move(move));
    return Phase("stop writes", StopWrites(snapshot, target));
  }
  if (intent.reopen && snapshot.write_stopped_for > intent.write_stop_budget) {  // guard: rule 8
    return GiveUpOrRefuse(
        snapshot, Refusal{.reason = "WRITE_STOP_BUDGET",
                          .message = absl::StrCat(
                              "writes have stopped for ", DurationText(snapshot.write_stopped_for),
                              ", more than ", DurationText(intent.write_stop_budget), ", and ",
                              NameOf(group, target), " has not caught up"),
                          .next_step = "try again when it lags less",
                          .servers = {target}});
  }
  // Nothing is committed on the primary any more, so this is all there will ever be.
  const GtidSet required = primary.executed.Union(Required(snapshot));
  if (std::optional<Refusal> refusal = RefuseBelowWatermark(snapshot, required)) {
    return GiveUpOrRefuse(snapshot, *refusal);  // guard: rule 3
  }
  const Observation& winner = snapshot.Of(target);
  if (!winner.executed.Contains(required)) {  // guard: rule 5
    const absl::Duration left = intent.write_stop_budget - snapshot.write_stopped_for;
    return Phase("catch up", {CatchUp{.server = target,
                                      .goal = required,
                                      .budget = std::max(left, absl::Milliseconds(10))}});
  }
  return Phase("commit", {Commit{.primary = target,
                                 .acknowledgers = AcknowledgersAfter(snapshot, target),
                                 .watermark = winner.executed,
                                 .old_primary_status = ServerStatus::kSecondary}});
}

}  // namespace weft::controller
