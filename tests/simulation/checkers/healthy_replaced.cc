// Rule 7: cutting only Weft off a primary causes no failover, nor does a full house.
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {
namespace {

// What the monitors said may be this old.
constexpr Millis kGrace = 1500;

}  // namespace

void Checkers::OnFailover(const SimServer& primary, Millis healthy_for) {
  if (healthy_for < kGrace) return;
  Fail("rule 7, healthy primary replaced",
       absl::StrCat(primary.address.host, " has been well to all monitors for ", healthy_for,
                    " ms when its failover began"));
}

}  // namespace weft::simulation
