// Rule 3: no server below the watermark is promoted.
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {

void Checkers::CheckWatermark(const TransactionSet& watermark, const SimServer& winner) {
  const TransactionSet lacks = watermark & ~winner.executed;
  if (lacks.none()) return;
  Fail("rule 3, promoted below the watermark",
       absl::StrCat(winner.address.host, " lacks ", lacks.count(), " transactions of it"));
}

}  // namespace weft::simulation
