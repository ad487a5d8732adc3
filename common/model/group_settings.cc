#include "common/model/group_settings.h"

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/model/ids.h"

namespace weft {
namespace {

constexpr char kAuto[] = "auto";

// "500ms", "1h30m"; a bare number is seconds. Nothing negative.
std::optional<absl::Duration> ParseSpan(absl::string_view text) {
  double seconds;
  absl::Duration span;
  if (absl::SimpleAtod(text, &seconds)) {
    if (!std::isfinite(seconds)) return std::nullopt;
    span = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &span)) {
    return std::nullopt;
  }
  if (span < absl::ZeroDuration() || span == absl::InfiniteDuration()) return std::nullopt;
  return absl::Trunc(span, absl::Microseconds(1));
}

// --- kinds of settings, so that each is one row below.

GroupSetting Flag(std::string name, bool GroupSettings::*field, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .expected = "true or false",
          .choices = {"true", "false"},
          .parse =
              [field](absl::string_view text, GroupSettings* settings) {
                return absl::SimpleAtob(text, &(settings->*field));
              },
          .print = [field](const GroupSettings& settings) -> std::string {
            return settings.*field ? "true" : "false";
          }};
}

// A time, or `otherwise` where the field is empty.
GroupSetting SpanOr(std::string name, std::optional<absl::Duration> GroupSettings::*field,
                    std::string otherwise, std::string help) {
  return {
      .name = std::move(name),
      .help = std::move(help),
      .expected = absl::StrCat("a time such as 500ms, 30 (seconds), 10m or 1h30m, or ", otherwise),
      .choices = {otherwise},
      .parse =
          [field, otherwise](absl::string_view text, GroupSettings* settings) {
            if (absl::EqualsIgnoreCase(text, otherwise)) {
              settings->*field = std::nullopt;
              return true;
            }
            const std::optional<absl::Duration> span = ParseSpan(text);
            if (span.has_value()) settings->*field = span;
            return span.has_value();
          },
      .print =
          [field, otherwise](const GroupSettings& settings) {
            const std::optional<absl::Duration>& span = settings.*field;
            return span.has_value() ? absl::FormatDuration(*span) : otherwise;
          }};
}

// One of `words`, which stand for the enumerators 0, 1, ... of the field's type.
template <typename Enum>
GroupSetting Word(std::string name, Enum GroupSettings::*field, std::vector<std::string> words,
                  std::string help) {
  std::string expected = absl::StrJoin(words, " or ");
  return {.name = std::move(name),
          .help = std::move(help),
          .expected = std::move(expected),
          .choices = words,
          .parse =
              [field, words](absl::string_view text, GroupSettings* settings) {
                for (size_t i = 0; i < words.size(); ++i) {
                  if (!absl::EqualsIgnoreCase(text, words[i])) continue;
                  settings->*field = static_cast<Enum>(i);
                  return true;
                }
                return false;
              },
          .print =
              [field, words](const GroupSettings& settings) {
                return words[static_cast<size_t>(settings.*field)];
              }};
}

bool IsName(absl::string_view text) {
  return ValidateGroupId(text).ok();  // the same letters
}

// A name of the controller's hooks file; empty: none.
GroupSetting Hook(std::string name, std::string GroupSettings::*field, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .expected = "a name of the hooks file, or nothing",
          .choices = {},
          .parse =
              [field](absl::string_view text, GroupSettings* settings) {
                if (!text.empty() && !IsName(text)) return false;
                settings->*field = std::string(text);
                return true;
              },
          .print = [field](const GroupSettings& settings) { return settings.*field; }};
}

bool ParseZones(absl::string_view text, GroupSettings* settings) {
  for (const absl::string_view zone : absl::StrSplit(text, ',')) {
    if (zone.empty() || !ValidateZone(zone).ok()) return false;
  }
  settings->promotion_zones = std::string(text);
  return true;
}

GroupSetting Zones() {
  return {.name = "promotion_zones",
          .help =
              "where an automatic failover may find the next primary; same: only in the zone of "
              "the dead one",
          .expected = "any, same, or names of zones with commas between them",
          .choices = {"any", "same"},
          .parse = ParseZones,
          .print = [](const GroupSettings& settings) { return settings.promotion_zones; }};
}

// --- what requests of their own write: acknowledged_epoch, maintenance, maintenance/UUID.

constexpr char kAcknowledged[] = "acknowledged_epoch";
constexpr char kMaintenance[] = "maintenance";
// Between the parts of a window: the time, who, and why.
constexpr char kSeparator = '|';

void WriteState(const GroupSettings& settings, std::map<std::string, std::string>* document) {
  if (settings.acknowledged_epoch != 0) {
    (*document)[kAcknowledged] = absl::StrCat(settings.acknowledged_epoch);
  }
  for (const auto& [server, window] : settings.maintenance) {
    const std::string key = server.empty() ? kMaintenance : absl::StrCat(kMaintenance, "/", server);
    (*document)[key] =
        absl::StrCat(absl::FormatTime(absl::RFC3339_full, window.until, absl::UTCTimeZone()), "|",
                     absl::StrReplaceAll(window.user, {{"|", " "}}), "|", window.reason);
  }
}

bool ReadState(const std::string& name, const std::string& text, GroupSettings* settings) {
  if (name == kAcknowledged) return absl::SimpleAtoi(text, &settings->acknowledged_epoch);
  absl::string_view key = name;
  if (!absl::ConsumePrefix(&key, kMaintenance)) return false;
  if (!key.empty() && !absl::ConsumePrefix(&key, "/")) return false;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(kSeparator, 2));
  Maintenance window;
  std::string error;
  if (parts.size() != 3 || !absl::ParseTime(absl::RFC3339_full, parts[0], &window.until, &error)) {
    return false;
  }
  window.user = parts[1];
  window.reason = parts[2];
  settings->maintenance[std::string(key)] = std::move(window);
  return true;
}

std::vector<GroupSetting> MakeTable() {
  return {
      Flag("failover_enabled", &GroupSettings::failover_enabled,
           "a dead primary is replaced without being asked; false is the group's kill switch"),
      Word(
          "on_last_acknowledger_lost", &GroupSettings::on_last_acknowledger_lost,
          {"wait", "continue"},
          "commits that too few servers can acknowledge wait, or go on; then a failover is refused "
          "until a secondary has caught up"),
      SpanOr("cool_down", &GroupSettings::cool_down, kAuto,
             "no second automatic failover for this long, unless acknowledged; auto: the "
             "controller's option, until the group has healed"),
      Word("primary_sick", &GroupSettings::primary_sick, {"alert", "failover"},
           "what is done about a primary that answers but cannot commit"),
      SpanOr("max_lag", &GroupSettings::max_lag, "off",
             "a server farther behind is not promoted by itself in an asynchronous group, and "
             "comes after the others in a lossless one"),
      SpanOr("drain_lag", &GroupSettings::drain_lag, "off",
             "a secondary farther behind takes no reads until it is half as far, while another is "
             "left that does"),
      Zones(),
      Hook("before_failover", &GroupSettings::before_failover,
           "the program that is run before a failover; it may forbid it"),
      Hook("after_failover", &GroupSettings::after_failover,
           "the program that is run after a failover"),
      Hook("before_switchover", &GroupSettings::before_switchover,
           "the program that is run before a switchover; it may forbid it"),
      Hook("after_switchover", &GroupSettings::after_switchover,
           "the program that is run after a switchover"),
      Hook("fence", &GroupSettings::fence,
           "the program that ends a dead primary for certain before another is promoted"),
      Word("rejoin", &GroupSettings::rejoin, {"manual", "rewind", "rewind_or_rebuild", "rebuild"},
           "what becomes of a server with transactions of its own, once they are saved as SQL: "
           "nothing, they are undone, it is cloned anew"),
  };
}

}  // namespace

const std::vector<GroupSetting>& AllGroupSettings() {
  static const auto& table = *new std::vector<GroupSetting>(MakeTable());
  return table;
}

const std::vector<std::string>& HookSettings() {
  static const auto& names = *new std::vector<std::string>{
      "before_failover", "after_failover", "before_switchover", "after_switchover", "fence"};
  return names;
}

const GroupSetting* FindGroupSetting(absl::string_view name) {
  for (const GroupSetting& setting : AllGroupSettings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

absl::Status SetGroupSetting(absl::string_view name, absl::string_view text,
                             GroupSettings* settings) {
  const GroupSetting* const setting = FindGroupSetting(name);
  if (setting == nullptr) {
    const std::string known = absl::StrJoin(
        AllGroupSettings(), ", ",
        [](std::string* out, const GroupSetting& one) { absl::StrAppend(out, one.name); });
    return Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_SETTING",
                   absl::StrCat("a group has no setting '", name, "'"),
                   absl::StrCat("one of ", known), name,
                   "weft group settings GROUP lists them with what they mean");
  }
  if (setting->parse(text, settings)) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_SETTING",
                 absl::StrCat("'", text, "' is no value of the setting ", name), setting->expected,
                 text, absl::StrCat("give ", name, "=", setting->expected));
}

std::map<std::string, std::string> DocumentOf(const GroupSettings& settings) {
  static const GroupSettings& defaults = *new GroupSettings();
  std::map<std::string, std::string> document = settings.unknown;
  for (const GroupSetting& setting : AllGroupSettings()) {
    std::string text = setting.print(settings);
    if (text != setting.print(defaults)) document[setting.name] = std::move(text);
  }
  WriteState(settings, &document);
  return document;
}

GroupSettings GroupSettingsOf(const std::map<std::string, std::string>& document) {
  GroupSettings settings;
  for (const auto& [name, text] : document) {
    const GroupSetting* const setting = FindGroupSetting(name);
    const bool known =
        setting == nullptr ? ReadState(name, text, &settings) : setting->parse(text, &settings);
    if (!known) settings.unknown[name] = text;
  }
  return settings;
}

}  // namespace weft
