#pragma once

#include "absl/strings/string_view.h"

namespace weft {

// The one privilege without which a server may be managed all the same: its replicas then share an
// account, and one that hangs cannot be locked out.
inline constexpr absl::string_view kGrantOption = "GRANT OPTION";

}  // namespace weft
