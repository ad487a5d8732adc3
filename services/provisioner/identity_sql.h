#pragma once

#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

inline constexpr absl::string_view kServerUuid = "SELECT @@GLOBAL.server_uuid AS uuid";

}  // namespace weft::provisioner::sql
