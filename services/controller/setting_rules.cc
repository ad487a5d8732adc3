#include "services/controller/setting_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/group_settings.h"

namespace weft::controller {

absl::Status CheckSettings(const std::map<std::string, std::string>& settings,
                           const std::set<std::string>& hooks) {
  GroupSettings scratch;
  for (const auto& [name, text] : settings) {
    WEFT_RETURN_IF_ERROR(SetGroupSetting(name, text, &scratch));
    const auto& of_hooks = HookSettings();
    if (text.empty() || std::find(of_hooks.begin(), of_hooks.end(), name) == of_hooks.end() ||
        hooks.count(text) > 0) {
      continue;
    }
    return ::weft::Refusal(
        absl::StatusCode::kInvalidArgument, "UNKNOWN_HOOK",
        absl::StrCat("the controller's hooks file has no program '", text, "'"),
        hooks.empty() ? "a program of the hooks file, which is empty or not given (--hooks-file)"
                      : absl::StrCat("one of ", absl::StrJoin(hooks, ", ")),
        text, "write it into the hooks file of every controller, and restart them one by one");
  }
  return absl::OkStatus();
}

}  // namespace weft::controller
