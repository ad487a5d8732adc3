#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weft {

// The absolute path of a file that ships with this executable: `name` beside it, else
// `folder`/`name` in its runfiles, in one of the folders above it (a build tree, an installation that
// keeps the layout), or in one of those above the working directory. Empty: nowhere.
std::string LocateCompanion(absl::string_view folder, absl::string_view name);

}  // namespace weft
