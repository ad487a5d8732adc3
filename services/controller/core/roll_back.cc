#include <vector>

#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {
namespace {

// Who was moved to the target acknowledges the old primary's commits again. Tried once: whoever
// cannot be moved now must not keep the intent from ending, and is repaired afterwards.
std::vector<Step> MoveBack(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (!ReceivesFrom(snapshot, server, snapshot.group.intent.target)) continue;
    const std::vector<Step> one = RepairReplica(snapshot, server);
    steps.insert(steps.end(), one.begin(), one.end());
  }
  return steps;
}

}  // namespace

Plan GiveUpOrRefuse(const Snapshot& snapshot, Refusal refusal) {
  if (snapshot.group.intent.reopen) {  // guard: rule 8
    return Phase("give up", {GiveUp{.reason = refusal.reason, .message = refusal.message}});
  }
  return Refuse(std::move(refusal));
}

Plan DecideRollBack(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Refusal refusal{.reason = group.intent.given_up,
                        .message = group.intent.given_up_message,
                        .next_step = "",
                        .servers = {}};
  const Verdict verdict = Judge(snapshot, /*ask_monitors=*/false);
  switch (verdict.state) {
    case PrimaryState::kAlive: {
      std::vector<Step> steps = ServePrimary(snapshot);
      if (steps.empty()) return Refuse(refusal);
      std::vector<Step> back = MoveBack(snapshot);
      steps.insert(steps.end(), back.begin(), back.end());
      return Phase("roll back", std::move(steps));
    }
    case PrimaryState::kUncertain:
      return Await("the primary to answer, so that it can be made writable again: " +
                   verdict.evidence);
    case PrimaryState::kNone:
    case PrimaryState::kDead:
      break;
  }
  return Refuse(refusal);
}

}  // namespace weft::controller
