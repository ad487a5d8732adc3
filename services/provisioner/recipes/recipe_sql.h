#pragma once
// What mends a setting of a running server.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

// For good from 8.0.11 on; before, my.cnf must say it too.
inline std::string SetForGood(absl::string_view name, absl::string_view value, bool can_persist) {
  return absl::StrCat("SET ", can_persist ? "PERSIST " : "GLOBAL ", name, " = ", value);
}

// Online from 5.7.6 on, one step at a time on every server of a topology.
inline constexpr absl::string_view kGtidModeOn =
    "SET GLOBAL enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = OFF_PERMISSIVE;"
    " SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = ON";

}  // namespace weft::provisioner::sql
