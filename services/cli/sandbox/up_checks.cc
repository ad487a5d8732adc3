#include "services/cli/sandbox/up_checks.h"

#include <sys/statvfs.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "services/cli/sandbox/folder.h"

namespace weft::cli::sandbox {
namespace {

constexpr int kMaxServers = 32;
constexpr int kMaxGroups = 16;
constexpr int kMaxReplicas = 5;
constexpr uint64_t kBytesOfServer = uint64_t{180} << 20;

}  // namespace

absl::Status CheckOptions(const UpOptions& options) {
  const auto invalid = [](absl::string_view what, absl::string_view expected,
                          absl::string_view found) {
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", absl::StrCat("wrong ", what),
                   expected, found);
  };
  if (options.dir.empty()) return invalid("folder", "the name of a folder", "an empty name");
  if (options.servers < 1 || options.servers > kMaxServers) {
    return invalid("number of servers", absl::StrCat("1 to ", kMaxServers, " in each group"),
                   absl::StrCat(options.servers));
  }
  if (options.groups < 0 || options.groups > kMaxGroups) {
    return invalid("number of groups", absl::StrCat("0 to ", kMaxGroups),
                   absl::StrCat(options.groups));
  }
  if (options.store_members < 1 || options.store_members > kMaxStoreMembers ||
      options.store_members % 2 == 0) {
    return invalid("number of members of the state store", "1, 3 or 5",
                   absl::StrCat(options.store_members));
  }
  struct Count {
    absl::string_view what;
    int found;
    int least;
  };
  for (const Count& count :
       {Count{"controllers", options.controllers, 1}, Count{"monitors", options.monitors, 1},
        Count{"gateways", options.gateways, 0}, Count{"provisioners", options.provisioners, 0}}) {
    if (count.found >= count.least && count.found <= kMaxReplicas) continue;
    return invalid(absl::StrCat("number of ", count.what),
                   absl::StrCat(count.least, " to ", kMaxReplicas), absl::StrCat(count.found));
  }
  if (!options.group_names.empty() &&
      static_cast<int>(options.group_names.size()) != options.groups) {
    return invalid("names of groups", absl::StrCat("one for each of ", options.groups),
                   absl::StrCat(options.group_names.size()));
  }
  return absl::OkStatus();
}

absl::Status CheckSpace(const std::string& dir, int servers) {
  struct statvfs info;
  if (statvfs(dir.c_str(), &info) != 0) return absl::OkStatus();  // What is full will say so.
  const uint64_t wanted = kBytesOfServer * static_cast<uint64_t>(servers);
  const uint64_t free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  if (free >= wanted) return absl::OkStatus();
  return Refusal(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                 absl::StrCat("too little room in ", dir),
                 absl::StrCat(wanted >> 20, " MiB free for ", servers, " servers"),
                 absl::StrCat(free >> 20, " MiB"), "make room, or name a folder on another disk");
}

}  // namespace weft::cli::sandbox
