#include "services/provisioner/providers/docker/pipe.h"

#include <algorithm>

namespace weft::provisioner::docker {

absl::Status Pipe::Push(absl::string_view piece) {
  MutexLock lock(&mutex_);
  while (!closed_ && bytes_ >= max_bytes_) changed_.Wait(&mutex_);
  if (closed_) return status_.ok() ? absl::CancelledError("nobody reads any more") : status_;
  pieces_.emplace_back(piece);
  bytes_ += piece.size();
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::StatusOr<size_t> Pipe::Pull(char* buffer, size_t capacity) {
  MutexLock lock(&mutex_);
  while (!closed_ && pieces_.empty()) changed_.Wait(&mutex_);
  if (closed_ && !status_.ok()) return status_;
  if (pieces_.empty()) return 0;
  std::string& piece = pieces_.front();
  const size_t taken = std::min(capacity, piece.size());
  std::copy_n(piece.begin(), taken, buffer);
  piece.erase(0, taken);
  bytes_ -= taken;
  if (piece.empty()) pieces_.pop_front();
  changed_.NotifyAll();
  return taken;
}

void Pipe::Close(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  closed_ = true;
  status_ = status;
  changed_.NotifyAll();
}

}  // namespace weft::provisioner::docker
