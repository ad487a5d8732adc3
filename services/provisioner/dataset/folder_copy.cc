#include "services/provisioner/dataset/folder_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "services/provisioner/dataset/data_places.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 4096;  // what direct I/O must be aligned to, at the most
constexpr size_t kBuffer = size_t{2} << 20;
constexpr uint64_t kSegment = uint64_t{64} << 20;
// Within one tick of the file system's clock two writes leave the same time behind.
constexpr absl::Duration kTick = absl::Seconds(1);

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : path_(path) {
    fd_ = ::open(path.c_str(), flags | O_DIRECT | O_CLOEXEC, 0640);
    if (fd_ < 0 && errno == EINVAL) fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
    error_ = fd_ < 0 ? errno : 0;
  }
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }
  bool gone() const { return error_ == ENOENT; }
  absl::Status Error(absl::string_view doing) const { return FileError(errno, doing, path_); }

 private:
  const std::string path_;
  int fd_ = -1;
  int error_ = 0;
};

}  // namespace

FolderCopy::Stamp FolderCopy::StampOf(const struct stat& info) {
  return {.inode = info.st_ino,
          .size = static_cast<uint64_t>(info.st_size),
          .modified = absl::TimeFromTimespec(info.st_mtim),
          .changed = absl::TimeFromTimespec(info.st_ctim)};
}

absl::StatusOr<FolderCopy::Listing> FolderCopy::List() const {
  Listing listing;
  std::error_code error;
  fs::recursive_directory_iterator entry(options_.from, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(options_.from).string();
    struct stat info;
    if (::lstat(entry->path().c_str(), &info) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      return FileError(errno, "reading", entry->path().string());
    }
    if (options_.leaves_out && options_.leaves_out(name)) {
      if (S_ISDIR(info.st_mode)) entry.disable_recursion_pending();
    } else if (LeadsElsewhere(entry->path().string())) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "METHOD_UNAVAILABLE",
                     absl::StrCat("files of ", options_.from, " lie elsewhere"),
                     "all of them in the folder", name, "clone by another method");
    } else if (S_ISDIR(info.st_mode)) {
      listing.folders.push_back(name);
    } else if (S_ISREG(info.st_mode)) {
      listing.files.push_back({name, StampOf(info)});
    }
  }
  if (error) return FileError(error.value(), "reading", options_.from);
  std::sort(listing.files.begin(), listing.files.end(),
            [](const File& a, const File& b) { return a.stamp.size > b.stamp.size; });
  return listing;
}

// Copies segments until none is left. Each thread has one.
class FolderCopy::Worker {
 public:
  explicit Worker(FolderCopy* copy)
      : copy_(*copy),
        buffer_(static_cast<char*>(std::aligned_alloc(kBlock, kBuffer)), &std::free) {}

  absl::Status Copy(const Segment& segment) {
    const FolderCopyOptions& options = copy_.options_;
    const OpenFile from(options.from + "/" + segment.name, O_RDONLY);
    if (from.gone()) return absl::OkStatus();
    if (from.fd() < 0) return from.Error("opening");
    const OpenFile to(options.to + "/" + segment.name, O_WRONLY);
    if (to.fd() < 0) return to.Error("opening");
    const uint64_t end = segment.from + segment.size;
    for (uint64_t at = segment.from; at < end;) {
      if (options.may_go_on) WEFT_RETURN_IF_ERROR(options.may_go_on());
      const ssize_t got = ::pread(from.fd(), buffer_.get(), kBuffer, static_cast<off_t>(at));
      if (got < 0) return from.Error("reading");
      if (got == 0) break;  // it has shrunk
      const size_t count = std::min(static_cast<uint64_t>(got), end - at);
      WEFT_RETURN_IF_ERROR(Write(to, at, count));
      if (options.throttle != nullptr) {
        WEFT_RETURN_IF_ERROR(options.throttle->Take(count, options.may_go_on));
      }
      copy_.Copied(count);
      at += count;
    }
    return absl::OkStatus();
  }

 private:
  // Whole blocks: what is too much is cut off when all is written.
  absl::Status Write(const OpenFile& to, uint64_t at, size_t count) {
    const size_t whole = (count + kBlock - 1) / kBlock * kBlock;
    std::fill(buffer_.get() + count, buffer_.get() + whole, '\0');
    for (size_t done = 0; done < whole;) {
      const ssize_t wrote =
          ::pwrite(to.fd(), buffer_.get() + done, whole - done, static_cast<off_t>(at + done));
      if (wrote < 0) return to.Error("writing");
      done += static_cast<size_t>(wrote);
    }
    return absl::OkStatus();
  }

  FolderCopy& copy_;
  const std::unique_ptr<char, decltype(&std::free)> buffer_;
};

void FolderCopy::Copied(uint64_t bytes) {
  bytes_ += bytes;
  left_ -= bytes;
}

absl::StatusOr<bool> FolderCopy::MakeFile(const File& file) const {
  const OpenFile to(options_.to + "/" + file.name, O_WRONLY | O_CREAT | O_TRUNC);
  if (to.fd() < 0) return to.Error("making");
  const OpenFile from(options_.from + "/" + file.name, O_RDONLY);
  if (from.gone()) return true;
  if (from.fd() < 0) return from.Error("opening");
  if (::ioctl(to.fd(), FICLONE, from.fd()) == 0) return true;
  if (file.stamp.size == 0) return true;
  const int error = ::posix_fallocate(to.fd(), 0, static_cast<off_t>(file.stamp.size));
  if (error != 0 && error != EOPNOTSUPP) return FileError(error, "making room for", file.name);
  return false;
}

absl::Status FolderCopy::Finish(const File& file) const {
  const OpenFile to(options_.to + "/" + file.name, O_WRONLY);
  if (to.fd() < 0) return to.Error("opening");
  if (::ftruncate(to.fd(), static_cast<off_t>(file.stamp.size)) != 0) return to.Error("cutting");
  if (::fsync(to.fd()) != 0) return to.Error("writing");
  return absl::OkStatus();
}

absl::Status FolderCopy::ForEach(
    size_t count, const std::function<std::function<absl::Status(size_t)>()>& worker) const {
  Mutex mutex;
  absl::Status first;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    const std::function<absl::Status(size_t)> one = worker();
    for (size_t i = next++; i < count; i = next++) {
      absl::Status status = one(i);
      if (status.ok()) continue;
      next = count;
      MutexLock lock(&mutex);
      if (first.ok()) first = std::move(status);
    }
  };
  std::vector<std::thread> running;
  running.reserve(options_.threads);
  for (int i = 0; i < options_.threads; ++i) running.emplace_back(work);
  for (std::thread& thread : running) thread.join();
  return first;
}

absl::Status FolderCopy::CopySegments(const std::vector<Segment>& segments) {
  return ForEach(segments.size(), [&] {
    const auto worker = std::make_shared<Worker>(this);
    return [&segments, worker](size_t i) { return worker->Copy(segments[i]); };
  });
}

absl::Status FolderCopy::RemoveOthers(const Listing& listing) const {
  std::set<std::string> kept(listing.folders.begin(), listing.folders.end());
  for (const File& file : listing.files) kept.insert(file.name);
  std::vector<std::string> others;
  std::error_code error;
  fs::recursive_directory_iterator entry(options_.to, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    if (kept.count(entry->path().lexically_relative(options_.to).string()) > 0) continue;
    others.push_back(entry->path().string());
    entry.disable_recursion_pending();
  }
  if (error) return FileError(error.value(), "reading", options_.to);
  for (const std::string& path : others) WEFT_RETURN_IF_ERROR(RemoveTree(path));
  return absl::OkStatus();
}

bool FolderCopy::MayBeKept(const File& file, absl::Time listed) const {
  struct stat info;
  if (::lstat(absl::StrCat(options_.from, "/", file.name).c_str(), &info) != 0) return false;
  return listed - file.stamp.modified > kTick && StampOf(info) == file.stamp;
}

absl::Status FolderCopy::Round(absl::Duration rested) {
  const absl::Time now = clock_->Now();
  WEFT_ASSIGN_OR_RETURN(const Listing listing, List());
  WEFT_RETURN_IF_ERROR(MakeFolder(options_.to));
  for (const std::string& folder : listing.folders) {
    WEFT_RETURN_IF_ERROR(MakeFolder(absl::StrCat(options_.to, "/", folder)));
  }
  std::vector<File> files;
  std::map<std::string, Stamp> before;
  left_ = 0;
  uint64_t known = 0;
  uint64_t size = 0;
  for (const File& file : listing.files) {
    size += file.stamp.size;
    const auto copied = copied_.find(file.name);
    if (copied != copied_.end() && copied->second == file.stamp) {
      before.insert(*copied);
      known += file.stamp.size;
    } else if (rested == absl::ZeroDuration() || now - file.stamp.modified > rested) {
      files.push_back(file);
      left_ += file.stamp.size;
    }
  }
  copied_ = std::move(before);
  bytes_ = known;
  size_ = size;
  std::vector<Segment> segments;
  for (const File& file : files) {
    WEFT_ASSIGN_OR_RETURN(const bool whole, MakeFile(file));
    if (whole) Copied(file.stamp.size);
    for (uint64_t at = 0; !whole && at < file.stamp.size; at += kSegment) {
      segments.push_back({file.name, at, std::min(kSegment, file.stamp.size - at)});
    }
  }
  WEFT_RETURN_IF_ERROR(CopySegments(segments));
  WEFT_RETURN_IF_ERROR(
      ForEach(files.size(), [&] { return [&](size_t i) { return Finish(files[i]); }; }));
  for (const File& file : files) {
    if (MayBeKept(file, now)) copied_[file.name] = file.stamp;
  }
  return RemoveOthers(listing);
}

}  // namespace weft::provisioner
