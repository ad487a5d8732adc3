#include "common/mysqld/locate.h"

#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/mysqld/files.h"

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

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A test runner may have taken HOME away.
std::string HomeDir() {
  if (std::string home = Variable("HOME"); !home.empty()) return home;
  passwd record;
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &record, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
    return record.pw_dir;
  }
  return "/tmp";
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

std::string LocateProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const absl::string_view folder : absl::StrSplit(Variable("PATH"), ':', absl::SkipEmpty())) {
    const std::string path = absl::StrCat(folder, "/", name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

std::string CacheDir() {
  if (const std::string cache = Variable("WEFT_CACHE"); !cache.empty()) return AbsolutePath(cache);
  const std::string xdg = Variable("XDG_CACHE_HOME");
  return AbsolutePath((xdg.empty() ? HomeDir() + "/.cache" : xdg) + "/weft");
}

}  // namespace weft
