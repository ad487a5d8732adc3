#include "services/cli/nouns/last_acknowledger.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

constexpr char kOption[] = "on-last-acknowledger-lost";
constexpr char kWait[] = "wait";
constexpr char kContinue[] = "continue";

constexpr char kQuestion[] =
    "When the last replica that may acknowledge commits is lost, they wait: nothing is lost, and "
    "nothing is written until a replica is back. Or they go on without after some seconds; if the "
    "primary dies then, what was written meanwhile is lost. Go on without?";

}  // namespace

Parameter LastAcknowledgerParameter() {
  return {kOption,
          "WHAT",
          "commits that nobody is left to acknowledge: wait (the default), or continue; then a "
          "failover is refused meanwhile. Asked for on a terminal",
          Kind::kText,
          {kWait, kContinue}};
}

absl::StatusOr<std::string> ChooseLastAcknowledger(Context& context) {
  const Arguments& arguments = context.arguments();
  if (arguments.Has(kOption)) return arguments.Text(kOption);
  if (arguments.Text("durability") == "async") return std::string();
  const bool for_people = context.options().output == OutputFormat::kTable;
  if (!for_people || context.dry_run() || !context.console().can_ask()) return std::string(kWait);
  WEFT_ASSIGN_OR_RETURN(const bool go_on, context.console().Confirm(kQuestion));
  return std::string(go_on ? kContinue : kWait);
}

std::string LastAcknowledgerText(const std::string& group, const std::string& chosen) {
  if (chosen.empty()) return "";
  const bool waits = chosen == kWait;
  return absl::StrCat(
      "when nobody is left to acknowledge, commits ",
      waits ? "wait: nothing is lost, and nothing is written until a replica is back"
            : "go on without after some seconds: if the primary dies then, what was written "
              "meanwhile is lost",
      " (to change it: weft group set ", group,
      " on_last_acknowledger_lost=", waits ? kContinue : kWait, ")\n");
}

}  // namespace weft::cli
