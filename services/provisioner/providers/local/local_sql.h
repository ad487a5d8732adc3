#pragma once
// What the local provider tells its servers, as root over their sockets.
#include "absl/strings/string_view.h"

namespace weft::provisioner::local_sql {

// Followed by the quoted path of a folder that does not exist yet.
inline constexpr absl::string_view kCloneTo = "CLONE LOCAL DATA DIRECTORY = ";
inline constexpr absl::string_view kKillQuery = "KILL QUERY ?";

}  // namespace weft::provisioner::local_sql
