#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weft {

// The absolute path of a file that ships with this executable: `name` beside it, else
// `folder`/`name` in its runfiles, in one of the folders above it (a build tree, an installation
// that keeps the layout), or in one of those above the working directory. Empty: nowhere.
std::string LocateCompanion(absl::string_view folder, absl::string_view name);

// The program that a shell would run as `name`: that itself where it has a slash, else the first
// executable of that name in a folder of PATH. Empty: none.
std::string LocateProgram(const std::string& name);

// ${WEFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weft}, with the account's home where HOME is unset
// (as under a test runner). Absolute; may not exist.
std::string CacheDir();

}  // namespace weft
