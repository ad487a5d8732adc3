#include "services/controller/core/decide.h"

#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {

Plan Decide(const Snapshot& snapshot) {
  const Intent& intent = snapshot.group.intent;
  if (snapshot.group.restored) return DecideRestored(snapshot);  // guard: rule 2
  switch (intent.goal) {
    case Goal::kKeep:
      return DecideKeep(snapshot);
    case Goal::kDemote:
      if (!intent.given_up.empty()) return DecideRollBack(snapshot);
      return DecideDemotion(snapshot);
    case Goal::kPromote:
      // The commit made the target the primary of record; what is left is to keep the record.
      if (IsCommitted(snapshot.group)) return DecideKeep(snapshot);
      if (!intent.given_up.empty()) return DecideRollBack(snapshot);  // guard: rule 8
      return DecidePromotion(snapshot);
  }
  return Plan();
}

}  // namespace weft::controller
