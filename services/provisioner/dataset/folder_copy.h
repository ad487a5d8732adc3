#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/throttle.h"

namespace weft::provisioner {

struct FolderCopyOptions {
  std::string from;
  std::string to;  // made; what is in it is overwritten or removed
  // Paths relative to `from` that are left out; a folder with all that is in it. May be empty.
  std::function<bool(const std::string&)> leaves_out;
  int threads = 3;
  Throttle* throttle = nullptr;
  // Not OK: the copy ends with it. From any thread.
  std::function<absl::Status()> may_go_on;
};

// A folder that is copied in rounds, of which each copies what was written to since an earlier one
// copied it: the last round, before which somebody sees to it that nothing is written, is short.
// Past the page cache, so that a server beside it keeps what it has there, large files in parts by
// several threads; where the file system shares blocks, it shares them. Through the cache where the
// file system knows no direct I/O. Not thread-safe, but for the counts.
class FolderCopy {
 public:
  // `clock`, which outlives this, is the one of the files.
  FolderCopy(FolderCopyOptions options, Clock* clock)
      : options_(std::move(options)), clock_(clock) {}
  FolderCopy(const FolderCopy&) = delete;
  FolderCopy& operator=(const FolderCopy&) = delete;

  // Copies the files that nobody has written to for `rested` (zero: all), but for those that are
  // copied already as they are. With all of them the copy is the folder as it was at the beginning,
  // if nobody wrote. Returns once all is on the disk. Errors as common/mysqld/files.h;
  // FAILED_PRECONDITION METHOD_UNAVAILABLE: a file leads elsewhere (LeadsElsewhere). After an
  // error another round may be tried.
  absl::Status Round(absl::Duration rested);

  // Bytes of all files as the last round found them, what is copied of them, and what the round
  // under way has yet to copy.
  uint64_t size() const { return size_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t left() const { return left_; }

 private:
  // What differs once somebody has written to a file.
  struct Stamp {
    ino_t inode = 0;
    uint64_t size = 0;
    absl::Time modified;
    absl::Time changed;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    std::string name;  // relative
    Stamp stamp;
  };
  struct Listing {
    std::vector<std::string> folders;
    std::vector<File> files;  // the largest first
  };
  struct Segment {
    std::string name;
    uint64_t from = 0;
    uint64_t size = 0;
  };
  class Worker;

  // Of what `info` says. Pure.
  static Stamp StampOf(const struct stat& info);
  absl::StatusOr<Listing> List() const;
  absl::Status RemoveOthers(const Listing& listing) const;
  // Makes the file with its size, or wholly where blocks can be shared (true). One that is gone by
  // now is left to the next round, here and below.
  absl::StatusOr<bool> MakeFile(const File& file) const;
  absl::Status Finish(const File& file) const;
  // Whether it is as it was listed, and cannot be written to without a change of its stamp.
  bool MayBeKept(const File& file, absl::Time listed) const;
  // Does what a thread's `worker` does to each of so many; the first failure ends it.
  absl::Status ForEach(size_t count,
                       const std::function<std::function<absl::Status(size_t)>()>& worker) const;
  absl::Status CopySegments(const std::vector<Segment>& segments);
  void Copied(uint64_t bytes);

  const FolderCopyOptions options_;
  Clock* const clock_;
  std::map<std::string, Stamp> copied_;  // as they were before they were copied
  std::atomic<uint64_t> size_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> left_ = 0;
};

}  // namespace weft::provisioner
