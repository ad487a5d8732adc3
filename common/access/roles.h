#pragma once
// What each role may do. Pure: the one table of it, for controllers and gateways.
//
// A right is a component of MySQL Fabric ("dump") or one of its commands ("group.lookup_groups");
// what Weft has beyond Fabric's commands has names of the same kind. The first three roles are
// Fabric's (reference section 11), `observation` is the one its maintained fork added; the others
// are for Weft's own processes.
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace weft::access {

// One right. An empty component: everything; an empty command: every command of the component.
struct Right {
  absl::string_view component;
  absl::string_view command;

  friend bool operator==(const Right&, const Right&) = default;
};

struct Role {
  absl::string_view name;
  absl::string_view description;
  absl::Span<const Right> rights;
};

inline constexpr absl::string_view kSuperadmin = "superadmin";
inline constexpr absl::string_view kUseradmin = "useradmin";
inline constexpr absl::string_view kConnector = "connector";
inline constexpr absl::string_view kObservation = "observation";
inline constexpr absl::string_view kMonitor = "monitor";
inline constexpr absl::string_view kGateway = "gateway";

// All there are, in the order of Fabric's ids (1, 2, 3, 4), then Weft's own.
absl::Span<const Role> AllRoles();
// nullptr: there is no such role.
const Role* FindRole(absl::string_view name);

// Whether one of `roles` gives the right. Names of no role give nothing; nothing gives nothing.
bool MayCall(absl::Span<const std::string> roles, absl::string_view component,
             absl::string_view command);
// The same for "component.command", as Fabric's wire names it. False without a dot.
bool MayCall(absl::Span<const std::string> roles, absl::string_view command);

// True for a role whose holder can come by any right: only a superadmin may hand it out.
bool IsAllPowerful(absl::string_view role);

// "core", "core.dump", "core.group.health": as Fabric writes rights.
std::string ToString(const Right& right);
// "superadmin (core)": the roles that give the right, for the words of a refusal.
std::vector<std::string> RolesWith(const Right& right);

}  // namespace weft::access
