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
  // A promotion for which a failover was forbidden may still be a switchover, where the primary is
  // back: that is another question, and another program's.
  const Server* const old = after.Find(before.primary);
  const bool handed_over = old != nullptr && old->status == ServerStatus::kSecondary;
  const auto asked =
      before.hooks.outcomes.find(handed_over ? "before_switchover" : "before_failover");
  if (asked == before.hooks.outcomes.end() || !absl::StartsWith(asked->second, kHookAborted)) {
    return;
  }
  Fail("rule 7, a program forbade it", absl::StrCat(asked->first, " answered ", asked->second));
}

}  // namespace weft::simulation
