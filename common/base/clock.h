#pragma once
// The only source of time in Weft. Pure code takes a time as an argument; code that waits takes a
// Clock*.
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace weft {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: for display and for records that people read. It may jump; nothing is decided
  // by it.
  virtual absl::Time Now() = 0;

  // Time since an arbitrary origin that is fixed for the life of the process; never goes back, and
  // is not comparable between processes. For deadlines, ages and leases.
  virtual absl::Duration MonotonicNow() = 0;

  // Blocks the calling thread. A zero or negative duration returns at once.
  virtual void Sleep(absl::Duration duration) = 0;

  // Waits on `condition` for at most `timeout` of this clock's monotonic time; false when it ran
  // out. Wake-ups may be spurious. REQUIRES: the caller holds `mutex`.
  virtual bool WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;
};

// The machine's clocks (CLOCK_REALTIME and CLOCK_MONOTONIC).
class RealClock : public Clock {
 public:
  // The one instance; never destroyed, so it may be used by threads that outlive main.
  static RealClock* Get();

  absl::Time Now() override;
  absl::Duration MonotonicNow() override;
  void Sleep(absl::Duration duration) override;
  bool WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
};

// An instant on a clock's monotonic scale: what a caller passes down instead of a fresh timeout per
// step.
class Deadline {
 public:
  // Never passes.
  Deadline() : clock_(nullptr), at_(absl::InfiniteDuration()) {}
  static Deadline After(Clock* clock, absl::Duration timeout) {
    return Deadline(clock, clock->MonotonicNow() + timeout);
  }

  // Never negative; absl::InfiniteDuration() when there is no deadline.
  absl::Duration Remaining() const {
    if (clock_ == nullptr) return absl::InfiniteDuration();
    const absl::Duration left = at_ - clock_->MonotonicNow();
    return left > absl::ZeroDuration() ? left : absl::ZeroDuration();
  }
  bool Passed() const { return Remaining() == absl::ZeroDuration(); }

 private:
  Deadline(Clock* clock, absl::Duration at) : clock_(clock), at_(at) {}

  Clock* clock_;
  absl::Duration at_;
};

}  // namespace weft
