#pragma once
// Between weft.v1.GroupSettings and the table of common/model/group_settings.h, by the names of the
// fields: a setting that both have needs no code here. Pure.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/group_settings.h"
#include "protos/weft/v1/groups.pb.h"

namespace weft::rpc {

// What `field` of an update mask names when it is a setting: "cool_down" of "settings.cool_down".
// Empty: it is none.
absl::string_view SettingOfMask(absl::string_view field);

// All of them, also those at their defaults.
v1::GroupSettings ToProto(const GroupSettings& settings);

// The value of one field as SetGroupSetting takes it; INVALID_ARGUMENT UNKNOWN_SETTING.
absl::StatusOr<std::string> TextOf(const v1::GroupSettings& proto, absl::string_view name);

// Writes one setting, checked by the table: INVALID_ARGUMENT as SetGroupSetting.
absl::Status SetField(absl::string_view name, absl::string_view text, v1::GroupSettings* proto);

}  // namespace weft::rpc
