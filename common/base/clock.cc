#include "common/base/clock.h"

#include <time.h>

#include "absl/time/clock.h"

namespace weft {

RealClock* RealClock::Get() {
  static RealClock* const clock = new RealClock;
  return clock;
}

absl::Time RealClock::Now() { return absl::Now(); }

absl::Duration RealClock::MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

void RealClock::Sleep(absl::Duration duration) { absl::SleepFor(duration); }

bool RealClock::WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) {
  return condition->WaitFor(mutex, timeout);
}

}  // namespace weft
