#include "services/provisioner/dataset/throttle.h"

#include <algorithm>

namespace weft::provisioner {

void Throttle::Take(uint64_t bytes) {
  if (rate_ == 0) return;
  const absl::Duration now = clock_->MonotonicNow();
  const absl::Duration cost =
      absl::Seconds(static_cast<double>(bytes) / static_cast<double>(rate_));
  absl::Duration wait;
  {
    MutexLock lock(&mutex_);
    free_at_ = std::max(free_at_, now - absl::Milliseconds(100)) + cost;
    wait = free_at_ - now;
  }
  if (wait > absl::ZeroDuration()) clock_->Sleep(wait);
}

}  // namespace weft::provisioner
