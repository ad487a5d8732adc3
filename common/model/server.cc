#include "common/model/server.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"

namespace weft {
namespace {

constexpr std::array<std::pair<ServerStatus, const char*>, 5> kStatusNames = {{
    {ServerStatus::kSpare, "SPARE"},
    {ServerStatus::kSecondary, "SECONDARY"},
    {ServerStatus::kPrimary, "PRIMARY"},
    {ServerStatus::kFaulty, "FAULTY"},
    {ServerStatus::kConfiguring, "CONFIGURING"},
}};

constexpr std::array<std::pair<ServerMode, const char*>, 4> kModeNames = {{
    {ServerMode::kOffline, "OFFLINE"},
    {ServerMode::kReadOnly, "READ_ONLY"},
    {ServerMode::kWriteOnly, "WRITE_ONLY"},
    {ServerMode::kReadWrite, "READ_WRITE"},
}};

constexpr std::array<std::pair<PromotionRule, const char*>, 4> kRuleNames = {{
    {PromotionRule::kPrefer, "PREFER"},
    {PromotionRule::kNeutral, "NEUTRAL"},
    {PromotionRule::kPreferNot, "PREFER_NOT"},
    {PromotionRule::kMustNot, "MUST_NOT"},
}};

template <typename Table, typename Value>
absl::string_view NameIn(const Table& table, Value value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return "";
}

}  // namespace

absl::string_view ToString(ServerStatus status) { return NameIn(kStatusNames, status); }
absl::string_view ToString(ServerMode mode) { return NameIn(kModeNames, mode); }
absl::string_view ToString(PromotionRule rule) { return NameIn(kRuleNames, rule); }

std::optional<ServerStatus> ParseServerStatus(absl::string_view text) {
  for (const auto& [status, name] : kStatusNames) {
    if (absl::EqualsIgnoreCase(text, name)) return status;
  }
  return std::nullopt;
}

std::optional<ServerMode> ParseServerMode(absl::string_view text) {
  for (const auto& [mode, name] : kModeNames) {
    if (absl::EqualsIgnoreCase(text, name)) return mode;
  }
  return std::nullopt;
}

std::optional<PromotionRule> ParsePromotionRule(absl::string_view text) {
  for (const auto& [rule, name] : kRuleNames) {
    if (absl::EqualsIgnoreCase(text, name)) return rule;
  }
  return std::nullopt;
}

ServerMode DefaultMode(ServerStatus status) {
  switch (status) {
    case ServerStatus::kPrimary:
      return ServerMode::kReadWrite;
    case ServerStatus::kSecondary:
      return ServerMode::kReadOnly;
    case ServerStatus::kSpare:
    case ServerStatus::kFaulty:
    case ServerStatus::kConfiguring:
      return ServerMode::kOffline;
  }
  return ServerMode::kOffline;
}

bool IsLegalTransition(ServerStatus from, ServerStatus to) {
  return (from == ServerStatus::kSpare && to == ServerStatus::kSecondary) ||
         (from == ServerStatus::kSecondary && to == ServerStatus::kSpare) ||
         (from == ServerStatus::kFaulty && to == ServerStatus::kSpare);
}

bool IsLegalMode(ServerStatus status, ServerMode mode) {
  switch (status) {
    case ServerStatus::kPrimary:
      return mode == ServerMode::kReadWrite || mode == ServerMode::kWriteOnly;
    case ServerStatus::kSecondary:
    case ServerStatus::kSpare:
      return mode == ServerMode::kReadOnly || mode == ServerMode::kOffline;
    case ServerStatus::kFaulty:
    case ServerStatus::kConfiguring:
      return mode == ServerMode::kOffline;
  }
  return false;
}

}  // namespace weft
