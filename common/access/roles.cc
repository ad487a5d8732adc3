#include "common/access/roles.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weft::access {
namespace {

// What every program asks before it can do anything: who leads; and a token in place of a password.
constexpr Right kNodeStatus = {"node", "status"};
constexpr Right kIssueToken = {"token", "issue"};

constexpr Right kSuperadminRights[] = {{"", ""}};
constexpr Right kUseradminRights[] = {{"user", ""}, {"role", ""}, kNodeStatus, kIssueToken};
constexpr Right kConnectorRights[] = {{"dump", ""}, {"threat", ""}, kNodeStatus, kIssueToken};
constexpr Right kObservationRights[] = {{"group", "lookup_groups"},
                                        {"group", "lookup_servers"},
                                        {"group", "health"},
                                        {"dump", "health"},
                                        kNodeStatus,
                                        kIssueToken};
constexpr Right kMonitorRights[] = {{"monitor", ""}, kNodeStatus, kIssueToken};
// It waits for operations that it began for others, and finds servers' groups for them.
constexpr Right kGatewayRights[] = {
    {"gateway", ""}, {"dump", "topology"}, {"operation", "lookup"}, kNodeStatus, kIssueToken};

constexpr Role kRoles[] = {
    {kSuperadmin, "administers everything", kSuperadminRights},
    {kUseradmin, "administers users, but none that may do everything", kUseradminRights},
    {kConnector, "routes: reads the topology, reports servers that fail it", kConnectorRights},
    {kObservation, "looks at groups and their health", kObservationRights},
    {kMonitor, "a monitor of this Weft: reports what it sees of the servers", kMonitorRights},
    {kGateway, "a gateway of this Weft: knows the users, and acts for each of them",
     kGatewayRights},
};

bool Covers(const Right& held, absl::string_view component, absl::string_view command) {
  if (held.component.empty()) return true;
  return held.component == component && (held.command.empty() || held.command == command);
}

bool Gives(const Role& role, absl::string_view component, absl::string_view command) {
  return std::any_of(role.rights.begin(), role.rights.end(),
                     [&](const Right& held) { return Covers(held, component, command); });
}

}  // namespace

absl::Span<const Role> AllRoles() { return kRoles; }

const Role* FindRole(absl::string_view name) {
  const auto* const found = std::find_if(std::begin(kRoles), std::end(kRoles),
                                         [&](const Role& role) { return role.name == name; });
  return found == std::end(kRoles) ? nullptr : found;
}

bool MayCall(absl::Span<const std::string> roles, absl::string_view component,
             absl::string_view command) {
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
    const Role* const role = FindRole(name);
    return role != nullptr && Gives(*role, component, command);
  });
}

bool MayCall(absl::Span<const std::string> roles, absl::string_view command) {
  const size_t dot = command.find('.');
  if (dot == absl::string_view::npos) return false;
  return MayCall(roles, command.substr(0, dot), command.substr(dot + 1));
}

bool IsAllPowerful(absl::string_view role) { return role == kSuperadmin || role == kGateway; }

std::string ToString(const Right& right) {
  if (right.component.empty()) return "core";
  if (right.command.empty()) return absl::StrCat("core.", right.component);
  return absl::StrCat("core.", right.component, ".", right.command);
}

std::vector<std::string> RolesWith(const Right& right) {
  std::vector<std::string> names;
  for (const Role& role : kRoles) {
    if (Gives(role, right.component, right.command)) names.emplace_back(role.name);
  }
  return names;
}

}  // namespace weft::access
