#include "services/provisioner/dataset/direct_copy.h"

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
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 4096;  // what direct I/O must be aligned to, at the most
constexpr size_t kBuffer = size_t{2} << 20;
constexpr uint64_t kSegment = uint64_t{64} << 20;

class File {
 public:
  File(const std::string& path, int flags) : path_(path) {
    fd_ = ::open(path.c_str(), flags | O_DIRECT | O_CLOEXEC, 0640);
    if (fd_ < 0 && errno == EINVAL) fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }
  absl::Status Error(absl::string_view doing) const { return FileError(errno, doing, path_); }

 private:
  const std::string path_;
  int fd_ = -1;
};

struct Segment {
  std::string name;  // relative
  uint64_t from = 0;
  uint64_t size = 0;
};

struct Plan {
  std::vector<std::string> folders;
  std::vector<Segment> files;  // each whole
};

absl::StatusOr<Plan> Look(const DirectCopy& copy) {
  Plan plan;
  std::error_code error;
  fs::recursive_directory_iterator entry(copy.from, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(copy.from).string();
    const bool folder = entry->is_directory(error);
    if (copy.leaves_out && copy.leaves_out(name)) {
      if (folder) entry.disable_recursion_pending();
    } else if (folder) {
      plan.folders.push_back(name);
    } else if (entry->is_regular_file(error)) {
      plan.files.push_back({name, 0, entry->file_size(error)});
    }
  }
  if (error) return FileError(error.value(), "reading", copy.from);
  std::sort(plan.files.begin(), plan.files.end(),
            [](const Segment& a, const Segment& b) { return a.size > b.size; });
  return plan;
}

// Copies segments until none is left. Each thread has one.
class Worker {
 public:
  explicit Worker(const DirectCopy& copy)
      : copy_(copy), buffer_(static_cast<char*>(std::aligned_alloc(kBlock, kBuffer)), &std::free) {}

  absl::Status Copy(const Segment& segment) {
    const File from(copy_.from + "/" + segment.name, O_RDONLY);
    if (from.fd() < 0) return from.Error("opening");
    const File to(copy_.to + "/" + segment.name, O_WRONLY);
    if (to.fd() < 0) return to.Error("opening");
    const uint64_t end = segment.from + segment.size;
    for (uint64_t at = segment.from; at < end;) {
      if (copy_.may_go_on) WEFT_RETURN_IF_ERROR(copy_.may_go_on());
      const ssize_t got = ::pread(from.fd(), buffer_.get(), kBuffer, static_cast<off_t>(at));
      if (got < 0) return from.Error("reading");
      if (got == 0) break;  // it has shrunk
      const size_t count = std::min(static_cast<uint64_t>(got), end - at);
      WEFT_RETURN_IF_ERROR(Write(to, at, count));
      if (copy_.throttle != nullptr) copy_.throttle->Take(count);
      if (copy_.bytes != nullptr) *copy_.bytes += count;
      at += count;
    }
    return absl::OkStatus();
  }

 private:
  // Whole blocks: what is too much is cut off when all is written.
  absl::Status Write(const File& to, uint64_t at, size_t count) {
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

  const DirectCopy& copy_;
  const std::unique_ptr<char, decltype(&std::free)> buffer_;
};

// Makes the file with its size, or wholly where blocks can be shared (true).
absl::StatusOr<bool> MakeFile(const DirectCopy& copy, const Segment& file) {
  const File to(copy.to + "/" + file.name, O_WRONLY | O_CREAT | O_TRUNC);
  if (to.fd() < 0) return to.Error("making");
  const File from(copy.from + "/" + file.name, O_RDONLY);
  if (from.fd() < 0) return from.Error("opening");
  if (::ioctl(to.fd(), FICLONE, from.fd()) == 0) return true;
  if (file.size == 0) return true;
  const int error = ::posix_fallocate(to.fd(), 0, static_cast<off_t>(file.size));
  if (error != 0 && error != EOPNOTSUPP) return FileError(error, "making room for", file.name);
  return false;
}

absl::Status Finish(const DirectCopy& copy, const Segment& file) {
  const File to(copy.to + "/" + file.name, O_WRONLY);
  if (to.fd() < 0) return to.Error("opening");
  if (::ftruncate(to.fd(), static_cast<off_t>(file.size)) != 0) return to.Error("cutting");
  if (::fsync(to.fd()) != 0) return to.Error("writing");
  return absl::OkStatus();
}

// Does what a thread's `worker` does to each of so many; the first failure ends it.
absl::Status ForEach(int threads, size_t count,
                     const std::function<std::function<absl::Status(size_t)>()>& worker) {
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
  running.reserve(threads);
  for (int i = 0; i < threads; ++i) running.emplace_back(work);
  for (std::thread& thread : running) thread.join();
  return first;
}

absl::Status CopySegments(const DirectCopy& copy, const std::vector<Segment>& segments) {
  return ForEach(copy.threads, segments.size(), [&] {
    const auto worker = std::make_shared<Worker>(copy);
    return [&segments, worker](size_t i) { return worker->Copy(segments[i]); };
  });
}

absl::Status FinishAll(const DirectCopy& copy, const std::vector<Segment>& files) {
  return ForEach(copy.threads, files.size(),
                 [&] { return [&](size_t i) { return Finish(copy, files[i]); }; });
}

}  // namespace

absl::StatusOr<uint64_t> SizeOf(const DirectCopy& copy) {
  WEFT_ASSIGN_OR_RETURN(const Plan plan, Look(copy));
  uint64_t bytes = 0;
  for (const Segment& file : plan.files) bytes += file.size;
  return bytes;
}

absl::Status CopyDirect(const DirectCopy& copy) {
  WEFT_ASSIGN_OR_RETURN(const Plan plan, Look(copy));
  WEFT_RETURN_IF_ERROR(MakeFolder(copy.to));
  for (const std::string& folder : plan.folders) {
    WEFT_RETURN_IF_ERROR(MakeFolder(absl::StrCat(copy.to, "/", folder)));
  }
  std::vector<Segment> segments;
  for (const Segment& file : plan.files) {
    WEFT_ASSIGN_OR_RETURN(const bool whole, MakeFile(copy, file));
    if (whole && copy.bytes != nullptr) *copy.bytes += file.size;
    for (uint64_t at = 0; !whole && at < file.size; at += kSegment) {
      segments.push_back({file.name, at, std::min(kSegment, file.size - at)});
    }
  }
  WEFT_RETURN_IF_ERROR(CopySegments(copy, segments));
  return FinishAll(copy, plan.files);
}

}  // namespace weft::provisioner
