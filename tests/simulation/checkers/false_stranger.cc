// Rule 3, from the other side: no alarm about acknowledgers that nobody knows where all are known.
#include "absl/strings/str_cat.h"
#include "services/controller/core/strangers.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {

void Checkers::CheckNoStrangers(const controller::Snapshot& look) {
  if (!look.strangers.has_value()) return;
  Fail("rule 3, a stranger where there is none", controller::StrangersText(look, *look.strangers));
}

}  // namespace weft::simulation
