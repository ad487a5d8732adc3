#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/sick.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {

Plan DecidePromotion(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  // The monitors were asked before a failover began, and a person asked for the rest.
  const Verdict verdict = Judge(snapshot, /*ask_monitors=*/false);
  switch (verdict.state) {
    case PrimaryState::kNone:
      return DecideFirstPromotion(snapshot);
    case PrimaryState::kDead:
      return DecideFailover(snapshot);
    case PrimaryState::kAlive:
      if (!group.intent.failover) return DecideSwitchover(snapshot);  // proof: rule 7
      // It is sick, and hands over in order.
      if (!group.intent.target.empty()) return DecideSwitchover(snapshot);
      // Revoked it has no acknowledgers, so nothing but its own word could end what was begun.
      if (ReplacesSick(group) && WritesFail(snapshot)) {  // proof: rule 7
        return DecideFailover(WithoutPrimary(snapshot));
      }
      return Refuse(Refusal{.reason = "PRIMARY_RETURNED",
                            .message = verdict.evidence + " again: no other is promoted",
                            .next_step = "",
                            .servers = {group.primary}});
    case PrimaryState::kUncertain:
      break;
  }
  return GiveUpOrRefuse(
      snapshot,
      Refusal{.reason = "PRIMARY_UNCERTAIN",
              .message = "expected the primary to answer, so that it can be fenced, or to be dead; "
                         "found: " +
                         verdict.evidence,
              .next_step = "let the controller reach it, or stop it",
              .servers = {group.primary}});
}

}  // namespace weft::controller
