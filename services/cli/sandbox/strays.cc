#include "services/cli/sandbox/strays.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/mysqld/files.h"

namespace weft::cli::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr char kSupervisor[] = "mysqld_supervisor";

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> CommandLineOf(int pid) {
  const std::string text = ReadFile(absl::StrCat("/proc/", pid, "/cmdline")).value_or("");
  return absl::StrSplit(text, '\0', absl::SkipEmpty());
}

}  // namespace

bool BelongsToSandbox(const std::vector<std::string>& argv, const std::string& dir) {
  if (argv.empty()) return false;
  const std::string program = BaseName(argv[0]);
  // A mysqld that brings its own loader goes by the loader's name.
  if (program != kSupervisor && program != "mysqld" && program != "mysqlbinlog" &&
      !absl::StartsWith(program, "ld-linux") && !absl::StartsWith(program, "weft-")) {
    return false;
  }
  const std::string value = absl::StrCat("=", dir, "/");
  return std::any_of(argv.begin() + 1, argv.end(), [&value](const std::string& argument) {
    return absl::StartsWith(argument, "--") && absl::StrContains(argument, value);
  });
}

std::vector<ProcessId> FindStrays(const std::string& dir) {
  std::vector<ProcessId> supervisors, others;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", code)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const absl::StatusOr<ProcessId> process = IdentifyProcess(pid);
    if (!process.ok()) continue;
    const std::vector<std::string> argv = CommandLineOf(pid);
    if (!BelongsToSandbox(argv, dir)) continue;
    (BaseName(argv[0]) == kSupervisor ? supervisors : others).push_back(*process);
  }
  supervisors.insert(supervisors.end(), others.begin(), others.end());
  return supervisors;
}

}  // namespace weft::cli::sandbox
