#include "common/base/manual_clock.h"

#include <algorithm>

namespace weft {

ManualClock::ManualClock(absl::Time start) : wall_(start), monotonic_(absl::Seconds(1000)) {}

absl::Time ManualClock::Now() {
  MutexLock lock(&mutex_);
  return wall_;
}

absl::Duration ManualClock::MonotonicNow() {
  MutexLock lock(&mutex_);
  return monotonic_;
}

void ManualClock::Sleep(absl::Duration duration) {
  Mutex mutex;
  CondVar never;
  const absl::Duration until = MonotonicNow() + duration;
  MutexLock lock(&mutex);
  for (absl::Duration left = duration; left > absl::ZeroDuration(); left = until - MonotonicNow()) {
    WaitFor(&never, &mutex, left);
  }
}

bool ManualClock::WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) {
  if (timeout <= absl::ZeroDuration()) return false;
  Waiter waiter{.until = absl::ZeroDuration(), .mutex = mutex, .condition = condition};
  {
    MutexLock lock(&mutex_);
    waiter.until = monotonic_ + timeout;
    waiters_.push_back(&waiter);
    changed_.NotifyAll();
  }
  // Advance takes `mutex` before it notifies, so a notification cannot fall between here and Wait.
  condition->Wait(mutex);
  MutexLock lock(&mutex_);
  waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &waiter));
  return monotonic_ < waiter.until;
}

// The analysis cannot follow locks that are found in a list.
void ManualClock::Advance(absl::Duration duration) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  std::vector<std::pair<Mutex*, CondVar*>> due;
  {
    MutexLock lock(&mutex_);
    wall_ += duration;
    monotonic_ += duration;
    for (const Waiter* waiter : waiters_) {
      if (waiter->until <= monotonic_) due.emplace_back(waiter->mutex, waiter->condition);
    }
  }
  for (const auto& [mutex, condition] : due) {
    MutexLock lock(mutex);
    condition->NotifyAll();
  }
}

void ManualClock::StepWall(absl::Duration by) {
  MutexLock lock(&mutex_);
  wall_ += by;
}

void ManualClock::AwaitWaiters(int count) {
  MutexLock lock(&mutex_);
  const auto waiting = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return std::count_if(waiters_.begin(), waiters_.end(),
                         [this](const Waiter* waiter)
                             ABSL_NO_THREAD_SAFETY_ANALYSIS { return waiter->until > monotonic_; });
  };
  while (waiting() < count) changed_.Wait(&mutex_);
}

}  // namespace weft
