#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::histories {

// A history is a text file: a scenario (see tests/simulation/scenario.h) with words on what it
// shows, a line "----", and what the controllers then do: each phase at the time when it had ended.
struct History {
  std::string script;    // up to and with "----\n"
  std::string expected;  // the rest
};

absl::StatusOr<History> Read(const std::string& path);

// Plays the script; what the controllers do, one line each.
absl::StatusOr<std::string> Play(absl::string_view script);

// The *.txt of a folder, by name.
std::vector<std::string> FilesOf(const std::string& folder);

}  // namespace weft::histories
