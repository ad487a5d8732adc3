#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {

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
      return steps.empty() ? Refuse(refusal) : Phase("roll back", std::move(steps));
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
