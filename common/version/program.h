#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weft {

// What --help and --version say of the process: `usage` above all flags of main.cc, where all of a
// process's flags stand, and "NAME VERSION". Call it once, before absl::ParseCommandLine.
void DescribeProgram(absl::string_view name, absl::string_view usage);

// The text of --version.
std::string VersionText(absl::string_view name);
// True for the source file that holds a process's own flags.
bool HoldsOwnFlags(absl::string_view file);

}  // namespace weft
