#include "services/provisioner/dataset/folder_swap.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStart = absl::Minutes(5);
constexpr absl::Duration kLock = absl::Minutes(10);
constexpr absl::Duration kPoll = absl::Milliseconds(100);
constexpr absl::string_view kBegin = "# Weft copies data onto this server\n";
constexpr absl::string_view kIncoming = ".incoming";
constexpr absl::string_view kRemoved = ".removed";

absl::Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return FileError(errno, "renaming", from);
}

std::string MyCnf(const Instance& target) { return target.dir() + "/my.cnf"; }
std::string MarkFile(const Instance& target) { return target.dir() + "/run/mark.sql"; }

}  // namespace

bool IsServersOwn(absl::string_view name) {
  return name == "auto.cnf" || name == "mysqld-auto.cnf" || absl::EndsWith(name, ".pem");
}

std::string WithoutSwapLines(absl::string_view my_cnf) {
  return std::string(my_cnf.substr(0, my_cnf.find(kBegin)));
}

FolderSwap::FolderSwap(Instance target)
    : target_(std::move(target)),
      incoming_(absl::StrCat(target_.data_dir(), kIncoming, "-", RandomHex(8))) {}

absl::Status FolderSwap::Lock(Clock* clock) {
  const Deadline deadline = Deadline::After(clock, kLock);
  while (true) {
    absl::StatusOr<FileLock> lock = FileLock::TryAcquire(target_.dir() + "/run/swap.lock");
    if (lock.ok()) {
      lock_.emplace(*std::move(lock));
      return absl::OkStatus();
    }
    if (!absl::IsUnavailable(lock.status()) || deadline.Passed()) return lock.status();
    clock->Sleep(kPoll);
  }
}

absl::Status FolderSwap::Clear() const {
  std::error_code error;
  std::vector<std::string> left;
  for (const fs::directory_entry& entry : fs::directory_iterator(target_.dir(), error)) {
    const std::string path = entry.path().string();
    if (absl::StartsWith(path, absl::StrCat(Data(), kIncoming)) ||
        absl::StartsWith(path, absl::StrCat(Data(), kRemoved))) {
      left.push_back(path);
    }
  }
  for (const std::string& path : left) WEFT_RETURN_IF_ERROR(RemoveTree(path));
  return absl::OkStatus();
}

// Under another name first: a folder of that name is whole or not there.
absl::Status FolderSwap::Remove(const std::string& folder) const {
  const std::string removed = absl::StrCat(Data(), kRemoved, "-", RandomHex(8));
  WEFT_RETURN_IF_ERROR(Rename(folder, removed));
  return RemoveTree(removed);
}

bool FolderSwap::InOurHands() const {
  const absl::StatusOr<std::string> text = ReadFile(MyCnf(target_));
  return text.ok() && absl::StrContains(*text, kBegin);
}

absl::Status FolderSwap::TakeIntoHands() const {
  WEFT_RETURN_IF_ERROR(WriteFileAtomically(
      MarkFile(target_), absl::StrCat(sql::kNoBinaryLog, ";\n", sql::kMakeMark, ";\n"), 0640));
  WEFT_ASSIGN_OR_RETURN(const std::string found, ReadFile(MyCnf(target_)));
  const bool modern = target_.installation().version_number >= 80026;
  return WriteFileAtomically(
      MyCnf(target_),
      absl::StrCat(WithoutSwapLines(found), kBegin,
                   modern ? "skip-replica-start=ON\n" : "skip-slave-start=ON\n",
                   "read_only=ON\nevent_scheduler=OFF\ninit-file=", MarkFile(target_), "\n"),
      0640);
}

absl::Status FolderSwap::LetGo() const {
  WEFT_ASSIGN_OR_RETURN(const std::string found, ReadFile(MyCnf(target_)));
  return WriteFileAtomically(MyCnf(target_), WithoutSwapLines(found), 0640);
}

absl::Status FolderSwap::Halt() {
  WEFT_RETURN_IF_ERROR(TakeIntoHands());
  return target_.Stop();
}

absl::Status FolderSwap::Swap() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(Data(), error)) {
    const std::string name = entry.path().filename().string();
    if (!IsServersOwn(name)) continue;
    fs::copy_file(entry.path(), fs::path(incoming_) / name, error);
    if (error) return FileError(error.value(), "copying", name);
  }
  if (error) return FileError(error.value(), "reading", Data());
  WEFT_RETURN_IF_ERROR(Rename(Data(), Outgoing()));
  WEFT_RETURN_IF_ERROR(Rename(incoming_, Data()));
  return target_.Start(kStart);
}

absl::Status FolderSwap::Keep() {
  WEFT_RETURN_IF_ERROR(LetGo());
  return Remove(Outgoing());
}

absl::Status FolderSwap::GoBack() {
  const bool swapped = Exists(Outgoing());
  if (!swapped && !InOurHands()) return Clear();
  // It may be about to end: who died had told it to.
  WEFT_RETURN_IF_ERROR(target_.Stop());
  if (swapped) {
    if (Exists(Data())) WEFT_RETURN_IF_ERROR(Remove(Data()));
    WEFT_RETURN_IF_ERROR(Rename(Outgoing(), Data()));
  }
  WEFT_RETURN_IF_ERROR(LetGo());
  WEFT_RETURN_IF_ERROR(Clear());
  return target_.Start(kStart);
}

absl::Status MendFolder(const std::string& folder, Clock* clock) {
  if (folder.empty()) return absl::OkStatus();
  absl::StatusOr<Instance> target = Instance::Open(folder);
  if (absl::IsNotFound(target.status())) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(target.status());
  FolderSwap swap(*std::move(target));
  WEFT_RETURN_IF_ERROR(swap.Lock(clock));
  return swap.GoBack();
}

}  // namespace weft::provisioner
