#include "common/mysqld/locate.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr char kWorkspace[] = "weft";  // As the WORKSPACE file names it.

std::string LookUpward(fs::path from, const fs::path& wanted) {
  while (!from.empty()) {
    const fs::path candidate = from / wanted;
    std::error_code code;
    if (fs::is_regular_file(candidate, code)) return candidate.string();
    if (from == from.root_path()) break;
    from = from.parent_path();
  }
  return "";
}

}  // namespace

std::string LocateCompanion(absl::string_view folder, absl::string_view name) {
  std::error_code code;
  const fs::path self = fs::read_symlink("/proc/self/exe", code);
  const fs::path here = self.parent_path();
  const fs::path beside = here / std::string(name);
  if (!code && fs::is_regular_file(beside, code)) return beside.string();
  const fs::path wanted = fs::path(std::string(folder)) / std::string(name);
  const fs::path in_runfiles = fs::path(self.string() + ".runfiles") / kWorkspace / wanted;
  if (fs::is_regular_file(in_runfiles, code)) return in_runfiles.string();
  const std::string found = LookUpward(here, wanted);
  return found.empty() ? LookUpward(fs::current_path(code), wanted) : found;
}

}  // namespace weft
