#include "services/provisioner/dataset/throttle.h"

#include <algorithm>

#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kSlice = absl::Milliseconds(100);

}  // namespace

absl::Status Throttle::Take(uint64_t bytes, const std::function<absl::Status()>& may_go_on) {
  if (rate_ == 0) return absl::OkStatus();
  const absl::Duration now = clock_->MonotonicNow();
  const absl::Duration cost =
      absl::Seconds(static_cast<double>(bytes) / static_cast<double>(rate_));
  absl::Duration wait;
  {
    MutexLock lock(&mutex_);
    free_at_ = std::max(free_at_, now - absl::Milliseconds(100)) + cost;
    wait = free_at_ - now;
  }
  while (wait > absl::ZeroDuration()) {
    if (may_go_on) WEFT_RETURN_IF_ERROR(may_go_on());
    const absl::Duration slice = std::min(wait, kSlice);
    clock_->Sleep(slice);
    wait -= slice;
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner
