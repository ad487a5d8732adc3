#pragma once

#include "absl/strings/string_view.h"

namespace weft {

// Of this build: MAJOR.MINOR.PATCH.
inline absl::string_view Version() { return "0.1.0"; }

}  // namespace weft
