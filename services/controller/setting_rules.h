#pragma once
// What a group's settings may be set to, on this controller. Pure.
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"

namespace weft::controller {

// Checks texts of settings: each by its table, hooks also against the names that there are.
// INVALID_ARGUMENT UNKNOWN_SETTING, BAD_SETTING, UNKNOWN_HOOK.
absl::Status CheckSettings(const std::map<std::string, std::string>& settings,
                           const std::set<std::string>& hooks);

}  // namespace weft::controller
