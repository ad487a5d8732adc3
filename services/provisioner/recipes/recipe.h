#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What a server must be set up like to serve in a role, and what of it a server lacks. Pure.
namespace weft::provisioner {

enum class Role {
  kMember,       // of a lossless group
  kAsyncMember,  // of a group whose replicas need not acknowledge
  kStandalone,   // in no group, with GTIDs, so that it can be copied or join one
};
absl::string_view ToString(Role role);                  // "async-member"
std::optional<Role> ParseRole(absl::string_view text);  // empty: kMember

// The global variables of a server by lower-case name.
using Variables = std::map<std::string, std::string>;

// One setting that is not as the recipe has it.
struct Deviation {
  std::string setting;
  std::string expected;
  std::string found;
  std::string why;     // what goes wrong with it as it is
  std::string sql;     // mends the running server; empty: only a restart can
  std::string config;  // the line of [mysqld] that keeps it so
  bool required = false;
};

// Every deviation, the required first, each time in the same order. `version` as MySQL counts:
// 90704. A variable that the server does not have is not looked at.
std::vector<Deviation> CheckAgainst(Role role, int version, const Variables& variables);

// The [mysqld] section for a server of `version`, with the reasons as comments. `server_id` and
// `report_host` are its own; 0 and empty leave a line that says to fill them in.
std::string RenderRecipe(Role role, int version, unsigned server_id, absl::string_view report_host);

}  // namespace weft::provisioner
