#include "common/base/mutex.h"

namespace weft {
namespace {

// Longer waits are clipped, since now() + a huge duration would overflow into the past. The early
// return after a day is then only a spurious wake-up, not a timeout.
constexpr absl::Duration kLongestWait = absl::Hours(24);

}  // namespace

// The annotations are off inside: the analysis cannot see that adopt_lock and release() cancel out.
void CondVar::Wait(Mutex* mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
  condition_.wait(lock);
  lock.release();
}

bool CondVar::WaitFor(Mutex* mutex, absl::Duration timeout) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (timeout <= absl::ZeroDuration()) return false;
  const bool clipped = timeout > kLongestWait;
  std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
  const auto status =
      condition_.wait_for(lock, absl::ToChronoNanoseconds(clipped ? kLongestWait : timeout));
  lock.release();
  return clipped || status == std::cv_status::no_timeout;
}

}  // namespace weft
