#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weft {

// The absolute path of a file that ships with this executable: `name` beside it, else
// `folder`/`name` in one of the folders above it (so in a build tree, in a test's runfiles, and in an
// installation that keeps the layout), else the same above the working directory. Empty: nowhere.
std::string LocateCompanion(absl::string_view folder, absl::string_view name);

}  // namespace weft
