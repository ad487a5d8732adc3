#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"

namespace weft {

// Files of this machine, with errors that name the path and what to do: RESOURCE_EXHAUSTED is a
// full disk (or quota), PERMISSION_DENIED, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION
// (read-only file system, a file where a folder should be).

// From errno, with the path in the message.
absl::Status FileError(int error, absl::string_view doing, absl::string_view path);

absl::StatusOr<std::string> ReadFile(absl::string_view path);

// At most the last `limit` bytes.
absl::StatusOr<std::string> ReadFileEnd(absl::string_view path, size_t limit);

// A reader sees the old content or the new one, never a part; after a power loss too. `mode` holds
// from the first byte on.
absl::Status WriteFileAtomically(absl::string_view path, absl::string_view content, mode_t mode);

// With all parents; OK if it is there.
absl::Status MakeFolder(absl::string_view path, mode_t mode = 0750);

// Everything below it too; OK if it is not there. Follows no symbolic link.
absl::Status RemoveTree(absl::string_view path);

// True if it is not there or is an empty folder.
bool IsAbsentOrEmpty(absl::string_view path);
bool Exists(absl::string_view path);

// Absolute, without "." and "..", symbolic links kept; works for what does not exist.
std::string AbsolutePath(absl::string_view path);

// Asked over and over by what takes long; its error ends that. Empty: nothing is asked.
using MayGoOn = std::function<absl::Status()>;

// Copies a folder with modes; holes stay holes, and blocks are shared where the file system can.
// What was copied stays where it is broken off.
absl::Status CopyTree(absl::string_view from, absl::string_view to,
                      const MayGoOn& may_go_on = MayGoOn());

// An flock on a file of its own. Released when destroyed or when the process ends. Move only.
class FileLock {
 public:
  // Makes the file if missing; waits for the lock.
  static absl::StatusOr<FileLock> Acquire(absl::string_view path);
  // The same, but no longer than to `deadline`: DEADLINE_EXCEEDED.
  static absl::StatusOr<FileLock> AcquireBy(absl::string_view path, const Deadline& deadline,
                                            Clock* clock);
  // UNAVAILABLE at once if another holds it.
  static absl::StatusOr<FileLock> TryAcquire(absl::string_view path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace weft
