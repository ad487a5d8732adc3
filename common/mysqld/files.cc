#include "common/mysqld/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

// That is copied between two questions whether to go on.
constexpr off_t kBlock = off_t{64} << 20;
constexpr absl::Duration kLockPoll = absl::Milliseconds(20);

std::string Str(absl::string_view text) { return std::string(text); }

absl::Status WriteAll(int fd, absl::string_view content, absl::string_view path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, "write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status Ask(const MayGoOn& may_go_on) { return may_go_on ? may_go_on() : absl::OkStatus(); }

// One stretch of data, by the kernel where it can.
absl::Status CopyRange(int from, int to, off_t start, off_t end, absl::string_view path,
                       const MayGoOn& may_go_on) {
  off_t in = start, out = start;
  while (in < end) {
    WEFT_RETURN_IF_ERROR(Ask(may_go_on));
    const size_t block = static_cast<size_t>(std::min(end - in, kBlock));
    const ssize_t copied = copy_file_range(from, &in, to, &out, block, 0);
    if (copied > 0) continue;
    if (copied < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) {
      return FileError(errno, "write", path);
    }
    char buffer[1 << 16];
    const size_t want = std::min<size_t>(sizeof(buffer), static_cast<size_t>(end - in));
    const ssize_t got = pread(from, buffer, want, in);
    if (got <= 0) return FileError(got < 0 ? errno : EIO, "read", path);
    const ssize_t written = pwrite(to, buffer, static_cast<size_t>(got), in);
    if (written <= 0) return FileError(written < 0 ? errno : ENOSPC, "write", path);
    in += written;
    out = in;
  }
  return absl::OkStatus();
}

absl::Status CopyFile(const std::string& from, const std::string& to, const MayGoOn& may_go_on) {
  WEFT_RETURN_IF_ERROR(Ask(may_go_on));
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return FileError(errno, "read", from);
  const absl::Cleanup close_in = [in] { close(in); };
  struct stat info;
  if (fstat(in, &info) != 0) return FileError(errno, "read", from);
  const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 07777);
  if (out < 0) return FileError(errno, "create", to);
  const absl::Cleanup close_out = [out] { close(out); };
  if (ioctl(out, FICLONE, in) == 0) return absl::OkStatus();
  if (ftruncate(out, info.st_size) != 0) return FileError(errno, "write", to);
  off_t at = 0;
  while (at < info.st_size) {
    const off_t data = lseek(in, at, SEEK_DATA);
    if (data < 0) {
      if (errno == ENXIO) break;  // Only a hole is left.
      return FileError(errno, "read", from);
    }
    const off_t hole = lseek(in, data, SEEK_HOLE);
    const off_t end = hole < 0 ? info.st_size : hole;
    WEFT_RETURN_IF_ERROR(CopyRange(in, out, data, end, to, may_go_on));
    at = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OpenLockFile(absl::string_view path) {
  const int fd = open(Str(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, "lock", path);
  return fd;
}

}  // namespace

absl::Status FileError(int error, absl::string_view doing, absl::string_view path) {
  const std::string what =
      absl::StrCat("cannot ", doing, " ", path, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Refusal(absl::StatusCode::kResourceExhausted, "DISK_FULL", what,
                     "free space on the disk", "none", "make room there and try again");
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(what);
    case ENOENT:
      return absl::NotFoundError(what);
    case EEXIST:
      return absl::AlreadyExistsError(what);
    case EROFS:
    case ENOTDIR:
    case ENOTEMPTY:
      return absl::FailedPreconditionError(what);
    default:
      return absl::InternalError(what);
  }
}

absl::StatusOr<std::string> ReadFile(absl::string_view path) {
  return ReadFileEnd(path, static_cast<size_t>(-1));
}

absl::StatusOr<std::string> ReadFileEnd(absl::string_view path, size_t limit) {
  const int fd = open(Str(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "read", path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && static_cast<size_t>(info.st_size) > limit) {
    lseek(fd, info.st_size - static_cast<off_t>(limit), SEEK_SET);
  }
  std::string content;
  char buffer[1 << 14];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
  }
}

absl::Status WriteFileAtomically(absl::string_view path, absl::string_view content, mode_t mode) {
  const std::string temporary = absl::StrCat(path, ".", RandomHex(4), ".new");
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return FileError(errno, "create", path);
  absl::Status status = WriteAll(fd, content, path);
  if (status.ok() && fsync(fd) != 0) status = FileError(errno, "write", path);
  close(fd);
  if (status.ok() && rename(temporary.c_str(), Str(path).c_str()) != 0) {
    status = FileError(errno, "create", path);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

absl::Status MakeFolder(absl::string_view path, mode_t mode) {
  const fs::path folder = Str(path);
  if (mkdir(folder.c_str(), mode) == 0) return absl::OkStatus();
  if (errno == ENOENT && folder.has_parent_path() && folder.parent_path() != folder) {
    WEFT_RETURN_IF_ERROR(MakeFolder(folder.parent_path().string(), mode));
    if (mkdir(folder.c_str(), mode) == 0) return absl::OkStatus();
  }
  const int error = errno;
  std::error_code code;
  if (error == EEXIST && fs::is_directory(folder, code)) return absl::OkStatus();
  return FileError(error == EEXIST ? ENOTDIR : error, "make the folder", path);
}

absl::Status RemoveTree(absl::string_view path) {
  std::error_code code;
  fs::remove_all(Str(path), code);
  if (code) return FileError(code.value(), "remove", path);
  return absl::OkStatus();
}

bool IsAbsentOrEmpty(absl::string_view path) {
  std::error_code code;
  const fs::file_status status = fs::symlink_status(Str(path), code);
  if (status.type() == fs::file_type::not_found) return true;
  const bool empty = fs::is_directory(Str(path), code) && fs::is_empty(Str(path), code);
  return !code && empty;
}

bool Exists(absl::string_view path) { return access(Str(path).c_str(), F_OK) == 0; }

std::string AbsolutePath(absl::string_view path) {
  std::error_code code;
  std::string text = fs::absolute(Str(path), code).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

absl::Status CopyTree(absl::string_view from, absl::string_view to, const MayGoOn& may_go_on) {
  WEFT_RETURN_IF_ERROR(MakeFolder(to));
  std::error_code code;
  fs::recursive_directory_iterator entries(Str(from), code);
  if (code) return FileError(code.value(), "read", from);
  for (const fs::recursive_directory_iterator end; entries != end; entries.increment(code)) {
    const fs::path& source = entries->path();
    const fs::path target = fs::path(Str(to)) / source.lexically_relative(Str(from));
    if (entries->is_directory(code)) {
      WEFT_RETURN_IF_ERROR(MakeFolder(target.string()));
    } else if (entries->is_regular_file(code)) {
      WEFT_RETURN_IF_ERROR(CopyFile(source.string(), target.string(), may_go_on));
    }
    if (code) break;
  }
  if (code) return FileError(code.value(), "read", from);
  return absl::OkStatus();
}

absl::StatusOr<FileLock> FileLock::Acquire(absl::string_view path) {
  WEFT_ASSIGN_OR_RETURN(const int fd, OpenLockFile(path));
  while (flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    close(fd);
    return FileError(error, "lock", path);
  }
  return FileLock(fd);
}

absl::StatusOr<FileLock> FileLock::AcquireBy(absl::string_view path, const Deadline& deadline,
                                             Clock* clock) {
  while (true) {
    absl::StatusOr<FileLock> lock = TryAcquire(path);
    if (!absl::IsUnavailable(lock.status())) return lock;
    if (deadline.Passed()) return absl::DeadlineExceededError(lock.status().message());
    clock->Sleep(std::min(kLockPoll, deadline.Remaining()));
  }
}

absl::StatusOr<FileLock> FileLock::TryAcquire(absl::string_view path) {
  WEFT_ASSIGN_OR_RETURN(const int fd, OpenLockFile(path));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return FileLock(fd);
  const int error = errno;
  close(fd);
  if (error == EWOULDBLOCK) return absl::UnavailableError(absl::StrCat(path, " is locked"));
  return FileError(error, "lock", path);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace weft
