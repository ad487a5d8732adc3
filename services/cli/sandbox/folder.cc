#include "services/cli/sandbox/folder.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::cli::sandbox {
namespace {

// What a new sandbox's controllers start with.
constexpr char kNoHooks[] =
    "# Programs that Weft runs around a change of primary: docs/operations.md says how.\n"
    "# Controllers read this when they start.\n"
    "hooks: {}\n";

namespace fs = std::filesystem;

absl::Status Taken(const std::string& dir, absl::string_view found, absl::string_view next_step) {
  return Refusal(absl::StatusCode::kAlreadyExists, "SANDBOX_EXISTS",
                 absl::StrCat(dir, " holds ", found), "a new or empty folder", found, next_step);
}

std::string DownCommand(const std::string& dir) {
  return absl::StrCat("weft sandbox down --dir ", dir);
}

// The folders that have to be made for `dir` to be there, the deepest first.
std::vector<std::string> MissingFolders(const std::string& dir) {
  std::vector<std::string> missing;
  for (fs::path folder = dir; !folder.empty() && !Exists(folder.string());
       folder = folder.parent_path()) {
    missing.push_back(folder.string());
  }
  return missing;
}

}  // namespace

std::string Folder::store(int number) const {
  return number == 1 ? absl::StrCat(dir_, "/store") : absl::StrCat(dir_, "/store-", number);
}
std::string Folder::server(int port) const { return absl::StrCat(dir_, "/servers/", port); }
std::string Folder::log(absl::string_view process) const {
  return absl::StrCat(dir_, "/log/", process, ".log");
}
std::string Folder::run(absl::string_view file) const { return absl::StrCat(dir_, "/run/", file); }
std::string Folder::secret(absl::string_view name) const {
  return absl::StrCat(dir_, "/secrets/", name);
}

absl::Status Folder::CheckUsable() const {
  if (Exists(record())) {
    return Taken(dir_, "a sandbox",
                 absl::StrCat("use it, or remove it first: ", DownCommand(dir_)));
  }
  if (Exists(lock())) {
    if (absl::IsUnavailable(FileLock::TryAcquire(lock()).status())) {
      return Taken(dir_, "a sandbox that is just being made or removed",
                   "wait for that to end, or choose another folder");
    }
    return Taken(dir_, "what is left of an interrupted sandbox", DownCommand(dir_));
  }
  if (IsAbsentOrEmpty(dir_)) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "FOLDER_NOT_EMPTY",
                 absl::StrCat(dir_, " is not an empty folder"), "a new or empty folder",
                 "other files, or no folder", "choose another folder");
}

absl::StatusOr<FileLock> Folder::Claim() const {
  WEFT_RETURN_IF_ERROR(CheckUsable());
  const std::vector<std::string> made = MissingFolders(dir_);
  if (const absl::Status status = MakeFolder(dir_, 0755); !status.ok()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "FOLDER_NOT_MADE", status.message(),
                   "a folder that can be made and written to", status.message(),
                   "choose another folder, such as one under /tmp");
  }
  absl::StatusOr<FileLock> held = FileLock::TryAcquire(lock());
  if (absl::IsUnavailable(held.status())) {
    return Taken(dir_, "a sandbox that is just being made",
                 "wait for that to end, or choose another folder");
  }
  WEFT_RETURN_IF_ERROR(held.status());
  absl::Status status;
  for (const char* name : {"bin", "log", "rescue", "run", "secrets", "servers"}) {
    if (status.ok()) status = MakeFolder(absl::StrCat(dir_, "/", name), 0700);
  }
  if (status.ok()) status = WriteFileAtomically(hooks(), kNoHooks, 0600);
  if (status.ok()) {
    status = WriteFileAtomically(run("made_folders"), absl::StrJoin(made, "\n"), 0600);
  }
  if (status.ok()) return held;
  Remove().status().IgnoreError();
  for (const std::string& folder : made) rmdir(folder.c_str());
  return status;
}

absl::StatusOr<FileLock> Folder::Take() const {
  if (!Exists(dir_)) {
    return Refusal(absl::StatusCode::kNotFound, "NO_SANDBOX",
                   absl::StrCat("there is no folder ", dir_), "the folder of a sandbox", "none",
                   "name the folder that `weft sandbox up` was given");
  }
  if (!IsSandbox()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "NOT_A_SANDBOX",
                   absl::StrCat(dir_, " is no sandbox; nothing was touched"),
                   "a folder with sandbox.json", "none",
                   "name the folder that `weft sandbox up` was given");
  }
  absl::StatusOr<FileLock> held = FileLock::TryAcquire(lock());
  if (!absl::IsUnavailable(held.status())) return held;
  return Refusal(absl::StatusCode::kAlreadyExists, "SANDBOX_BUSY",
                 absl::StrCat("another command is making or removing the sandbox in ", dir_),
                 "nobody at work there", "a `weft sandbox up` or `down`",
                 "wait for it to end, or end it with Ctrl-C");
}

absl::StatusOr<bool> Folder::Remove() const {
  const std::string made = ReadFile(run("made_folders")).value_or("");
  // The record first, so that nobody takes what is left for a whole sandbox.
  WEFT_RETURN_IF_ERROR(RemoveTree(record()));
  for (int i = 1; i <= kMaxStoreMembers; ++i) WEFT_RETURN_IF_ERROR(RemoveTree(store(i)));
  for (const char* name : {"bin", "hooks.yaml", "log", "machines", "rescue", "secrets", "servers",
                           "run", "sandbox.lock"}) {
    WEFT_RETURN_IF_ERROR(RemoveTree(absl::StrCat(dir_, "/", name)));
  }
  for (const absl::string_view folder : absl::StrSplit(made, '\n', absl::SkipEmpty())) {
    if (rmdir(std::string(folder).c_str()) != 0) break;
  }
  return !Exists(dir_);
}

std::vector<std::string> Folder::InstanceFolders() const {
  std::vector<std::string> folders;
  for (int i = 1; i <= kMaxStoreMembers; ++i) {
    if (Exists(store(i))) folders.push_back(store(i));
  }
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir_ + "/servers", code)) {
    folders.push_back(entry.path().string());
  }
  // As a provider of local machines keeps them.
  for (const fs::directory_entry& entry : fs::directory_iterator(dir_ + "/machines", code)) {
    const std::string server = entry.path().string() + "/server";
    if (Exists(server)) folders.push_back(server);
  }
  return folders;
}

}  // namespace weft::cli::sandbox
