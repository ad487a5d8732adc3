#pragma once
// Between what guards groups and its JSON in the state store. Pure. DATA_LOSS STORE_CORRUPT for
// what makes no sense.
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"

namespace weft::controller {

// An object of texts.
std::string SettingsAsJson(const GroupSettings& settings);
absl::StatusOr<GroupSettings> ReadSettings(const std::string& json);

std::string HooksAsJson(const HookRecord& hooks);
absl::StatusOr<HookRecord> ReadHooks(const std::string& json);

absl::StatusOr<FailoverSwitch> ReadFailoverSwitch(const std::string& json);

// An instant as the store writes it.
std::string StoreTimeText(absl::Time time);

}  // namespace weft::controller
