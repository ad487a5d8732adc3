// Rule 5: a server whose promotion rule is MUST_NOT is never promoted.
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {
void Checkers::OnRule(const ServerUuid& server, PromotionRule rule, Millis now) {
  if (rule == PromotionRule::kMustNot) {
    forbidden_.emplace(server, now);
  } else {
    forbidden_.erase(server);
  }
}

void Checkers::CheckMayLead(const SimServer& winner, Millis now) {
  const auto found = forbidden_.find(winner.uuid);
  if (found == forbidden_.end() || MayHaveComeAfterTheLook(found->second, now)) return;
  Fail("rule 5, MUST_NOT server promoted",
       absl::StrCat(winner.address.host, " was promoted at ", now, " ms, forbidden since ",
                    found->second, " ms"));
}

}  // namespace weft::simulation
