#pragma once

#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"

namespace weft::provisioner::docker {

// Bytes from one thread to another, a bounded number of them on the way.
class Pipe {
 public:
  explicit Pipe(size_t max_bytes = 1 << 20) : max_bytes_(max_bytes) {}

  // Waits for room. Once the pipe is closed: the error it was closed with, or CANCELLED.
  absl::Status Push(absl::string_view piece);
  // Waits for bytes; 0 when the pipe is closed with OK and empty. Its error when closed with one.
  absl::StatusOr<size_t> Pull(char* buffer, size_t capacity);
  // By either end; the first one counts.
  void Close(const absl::Status& status);

 private:
  const size_t max_bytes_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> pieces_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner::docker
