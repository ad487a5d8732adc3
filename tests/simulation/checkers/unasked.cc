// Rule 7: nothing is failed over unasked where a kill switch is off or a window is open, and no
// primary is changed that a program forbade.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {

void Checkers::OnIntent(const Group& before, const Group& after, absl::Time now) {
  const bool begins = after.intent.failover && !before.intent.failover;
  if (begins && !before.settings.failover_enabled) {
    Fail("rule 7, failed over unasked", "automatic failover of the group is off");
  }
  const auto window = before.settings.maintenance.find("");
  if (begins && window != before.settings.maintenance.end() && now < window->second.until) {
    Fail("rule 7, failed over unasked",
         absl::StrCat("a window is open for another ",
                      absl::FormatDuration(window->second.until - now)));
  }
  if (after.epoch == before.epoch || before.hooks.operation != before.intent.operation) return;
  for (const auto& [occasion, outcome] : before.hooks.outcomes) {
    if (!absl::StartsWith(outcome, kHookAborted)) continue;
    Fail("rule 7, a program forbade it", absl::StrCat(occasion, " answered ", outcome));
  }
}

}  // namespace weft::simulation
