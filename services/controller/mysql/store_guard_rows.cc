#include "services/controller/mysql/store_guard_rows.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "nlohmann/json.hpp"

namespace weft::controller {
namespace {

using nlohmann::json;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::Status Corrupt(absl::string_view what, absl::string_view found) {
  return ::weft::Refusal(
      absl::StatusCode::kDataLoss, "STORE_CORRUPT",
      absl::StrCat("the state store holds impossible ", what, ": '", found.substr(0, 100), "'"),
      absl::StrCat("a JSON object of ", what), found.substr(0, 100),
      "restore the state store from a backup; nothing but Weft may write there");
}

std::string TextIn(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// Members that are no texts are none of ours.
std::map<std::string, std::string> TextsIn(const json& object) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
  }
  return texts;
}

absl::Time TimeIn(const json& object, const char* name) {
  absl::Time time;
  std::string error;
  return absl::ParseTime("%Y-%m-%d %H:%M:%E*S", TextIn(object, name), absl::UTCTimeZone(), &time,
                         &error)
             ? time
             : absl::UnixEpoch();
}

}  // namespace

std::string SettingsAsJson(const GroupSettings& settings) {
  return Dump(json(DocumentOf(settings)));
}

absl::StatusOr<GroupSettings> ReadSettings(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Corrupt("settings", text);
  return GroupSettingsOf(TextsIn(object));
}

std::string HooksAsJson(const HookRecord& hooks) {
  return Dump({{"operation", hooks.operation},
               {"epoch", absl::StrCat(hooks.epoch)},
               {"when", StoreTimeText(hooks.when)},
               {"outcomes", hooks.outcomes}});
}

absl::StatusOr<HookRecord> ReadHooks(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Corrupt("answers of hooks", text);
  HookRecord hooks;
  hooks.operation = TextIn(object, "operation");
  if (!absl::SimpleAtoi(TextIn(object, "epoch"), &hooks.epoch)) hooks.epoch = 0;
  hooks.when = TimeIn(object, "when");
  const auto outcomes = object.find("outcomes");
  if (outcomes != object.end() && outcomes->is_object()) hooks.outcomes = TextsIn(*outcomes);
  return hooks;
}

absl::StatusOr<FailoverSwitch> ReadFailoverSwitch(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Corrupt("failover switch", text);
  FailoverSwitch failover;
  const auto enabled = object.find("enabled");
  if (enabled != object.end() && enabled->is_boolean()) failover.enabled = enabled->get<bool>();
  if (enabled != object.end() && enabled->is_number()) failover.enabled = *enabled != 0;
  failover.reason = TextIn(object, "reason");
  failover.user = TextIn(object, "user");
  failover.since = TimeIn(object, "since");
  return failover;
}

std::string StoreTimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S", time, absl::UTCTimeZone());
}

}  // namespace weft::controller
