#pragma once
// Flags as people type them: --metrics-listen. Abseil declares C++ identifiers (metrics_listen) and
// knows no other spelling.
#include <string>
#include <vector>

namespace weft {

// The arguments with '-' replaced by '_' in the names of flags ("--metrics-listen=a-b" becomes
// "--metrics_listen=a-b"); what stands after "--" is left alone. Pure.
std::vector<std::string> WithUnderscores(int argc, const char* const* argv);

// The same as an argument vector for absl::ParseCommandLine. It lives as long as the process, as
// that of main does.
struct CommandLine {
  int argc;
  char** argv;
};
CommandLine UnderscoredCommandLine(int argc, char** argv);

}  // namespace weft
