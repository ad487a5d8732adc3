#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// What all servers in service hold, as far as `target` has to hold it: what a target that accepts
// writes has written since it was read is its own affair.
GtidSet RequiredOf(const Snapshot& snapshot, const ServerUuid& target) {
  GtidSet required;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const ServerStatus status = StatusOf(snapshot.group, server);
    if (status == ServerStatus::kFaulty || status == ServerStatus::kConfiguring) continue;
    const GtidSet held = HeldSound(snapshot, server);
    const bool writing = !IsFenced(snapshot.Of(target));
    required = required.Union(writing ? held.Without(target.text()) : held);
  }
  return required;
}

std::optional<Refusal> RefuseIncomplete(const Snapshot& snapshot, const ServerUuid& target) {
  const Group& group = snapshot.group;
  if (std::optional<Refusal> refusal = RefuseCandidate(snapshot, target, /*by_name=*/true)) {
    return refusal;
  }
  const GtidSet lacks = RequiredOf(snapshot, target).Minus(snapshot.Of(target).Held());
  if (!lacks.Empty()) {  // guard: rule 5
    return Refusal{.reason = "TARGET_INCOMPLETE",
                   .message = absl::StrCat("expected ", NameOf(group, target),
                                           " to hold what the other servers hold; it lacks [",
                                           Shown(lacks), "]"),
                   .next_step = "promote the server that holds it, or take that server out first",
                   .servers = {target}};
  }
  return RefuseBelowWatermark(snapshot, snapshot.Of(target).Held());
}

// The preferred among those that would do. Of those of one promotion rule one that accepts writes
// already, so that a topology that runs is taken over without a write stop; then as in any
// election.
ServerUuid Choose(const Snapshot& snapshot) {
  ServerUuid chosen;
  for (const ServerUuid& candidate : Candidates(snapshot)) {
    if (RefuseIncomplete(snapshot, candidate).has_value()) continue;
    if (!chosen.empty() && RuleOf(snapshot.group, candidate) != RuleOf(snapshot.group, chosen))
      break;
    if (IsOpen(snapshot.Of(candidate))) return candidate;
    if (chosen.empty()) chosen = candidate;
  }
  return chosen;
}

Refusal RefuseAll(const Snapshot& snapshot) {
  const std::vector<ServerUuid> candidates = Candidates(snapshot);
  if (!candidates.empty()) return *RefuseIncomplete(snapshot, candidates.front());
  return RefuseForWantOfCandidates(snapshot);
}

}  // namespace

Plan DecideFirstPromotion(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const ServerUuid target = group.intent.target.empty() ? Choose(snapshot) : group.intent.target;
  if (target.empty()) return Refuse(RefuseAll(snapshot));
  if (std::optional<Refusal> refusal = RefuseIncomplete(snapshot, target)) {
    return Refuse(*refusal);  // guard: rule 3
  }
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/target);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2

  const Observation& winner = snapshot.Of(target);
  if (winner.replication.receiver != ThreadState::kOff) {  // guard: rule 5
    return Phase("revoke", {StopReceiver{.server = target}});
  }
  const GtidSet required = RequiredOf(snapshot, target).Union(winner.received);
  if (!winner.executed.Contains(required)) {  // guard: rule 5
    return Phase("apply", {CatchUp{.server = target, .goal = required}});
  }
  return Phase("commit", {Commit{.primary = target,
                                 .acknowledgers = AcknowledgersAfter(snapshot, target),
                                 .watermark = winner.executed,
                                 .old_primary_status = ServerStatus::kSecondary}});
}

}  // namespace weft::controller
