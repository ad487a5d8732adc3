#include "services/gateway/serving.h"

#include "absl/strings/str_cat.h"

namespace weft::gateway {
namespace {

bool TakesWrites(ServerMode mode) {
  return mode == ServerMode::kReadWrite || mode == ServerMode::kWriteOnly;
}
bool TakesReads(ServerMode mode) {
  return mode == ServerMode::kReadWrite || mode == ServerMode::kReadOnly;
}

bool IsPrimary(const RoutedGroup& group, const RoutedServer& server) {
  return server.status == ServerStatus::kPrimary && server.uuid == group.primary;
}

// What may be found, for people: "replica" of its group, READ_ONLY.
std::string Found(const RoutedGroup& group, const RoutedServer& server) {
  return absl::StrCat(RoleOf(group, server), ", status ", ToString(server.status), ", mode ",
                      ToString(server.mode));
}

std::optional<NotServing> WhyTooFarBehind(absl::Duration limit, std::optional<absl::Duration> lag) {
  if (lag.has_value() && *lag <= limit) return std::nullopt;
  const std::string expected =
      absl::StrCat("at most ", absl::ToDoubleSeconds(limit), " s behind the primary");
  if (!lag.has_value()) return NotServing{"LAG_UNKNOWN", expected, "nobody knows its lag"};
  return NotServing{"TOO_FAR_BEHIND", expected,
                    absl::StrCat(absl::ToDoubleSeconds(*lag), " s behind")};
}

}  // namespace

absl::string_view ToString(Role role) {
  switch (role) {
    case Role::kPrimary:
      return "primary";
    case Role::kReplica:
      return "replica";
    case Role::kReader:
      break;
  }
  return "reader";
}

std::optional<Role> ParseRole(absl::string_view text) {
  for (const Role role : {Role::kPrimary, Role::kReplica, Role::kReader}) {
    if (text == ToString(role)) return role;
  }
  return std::nullopt;
}

absl::string_view RoleOf(const RoutedGroup& group, const RoutedServer& server) {
  switch (server.status) {
    case ServerStatus::kPrimary:
      return IsPrimary(group, server) ? "primary" : "faulty";
    case ServerStatus::kSecondary:
      return "replica";
    case ServerStatus::kSpare:
      return "spare";
    case ServerStatus::kConfiguring:
      return "configuring";
    case ServerStatus::kFaulty:
      break;
  }
  return "faulty";
}

std::optional<NotServing> WhyNotServing(const RoutedGroup& group, const RoutedServer& server,
                                        Role role, std::optional<absl::Duration> lag_limit,
                                        std::optional<absl::Duration> lag) {
  const bool is_primary = IsPrimary(group, server);
  const bool is_replica = server.status == ServerStatus::kSecondary;
  if (role == Role::kPrimary) {
    if (is_primary && TakesWrites(server.mode)) return std::nullopt;
    return NotServing{is_primary ? "WRONG_MODE" : "WRONG_ROLE",
                      "the primary of its group, in a mode that takes writes",
                      Found(group, server)};
  }
  const bool has_role = is_replica || (role == Role::kReader && is_primary);
  if (!has_role || !TakesReads(server.mode)) {
    return NotServing{has_role ? "WRONG_MODE" : "WRONG_ROLE",
                      absl::StrCat("a ", ToString(role), " in a mode that takes reads"),
                      Found(group, server)};
  }
  if (is_primary || !lag_limit.has_value()) return std::nullopt;
  return WhyTooFarBehind(*lag_limit, lag);
}

}  // namespace weft::gateway
