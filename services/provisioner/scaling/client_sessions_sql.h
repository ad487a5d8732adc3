#pragma once

#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

inline constexpr absl::string_view kProcesses = "SHOW PROCESSLIST";

}  // namespace weft::provisioner::sql
