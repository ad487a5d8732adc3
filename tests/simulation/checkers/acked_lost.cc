// Rule 1: no write that a client got OK for under lossless is missing on a later primary.
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {

void Checkers::CheckNothingLost(const SimServer& primary, const std::string& when) {
  const TransactionSet lost = promised_ & ~primary.executed;
  if (lost.none()) return;
  Fail("rule 1, acked write lost",
       absl::StrCat(lost.count(), " acknowledged writes are missing on ", primary.address.host, " ",
                    when));
}

}  // namespace weft::simulation
