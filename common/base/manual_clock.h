#pragma once
// A clock that stands still until a test moves it.
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace weft {

// Thread safe. Sleep and WaitFor block in real time until Advance has moved the clock far enough
// (WaitFor also returns when its condition is notified), so a test may step a worker thread by
// hand:
//   clock.AwaitWaiters(1);             // the worker has gone to sleep
//   clock.Advance(absl::Seconds(5));   // and now wakes
class ManualClock : public Clock {
 public:
  explicit ManualClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000));

  absl::Time Now() override;
  absl::Duration MonotonicNow() override;
  void Sleep(absl::Duration duration) override;
  bool WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Moves both clocks forward and wakes whoever waited for that. REQUIRES: duration >= 0, and the
  // caller holds no mutex that a waiter passed to WaitFor.
  void Advance(absl::Duration duration);

  // Steps the wall clock alone, in either direction, as an administrator or NTP may.
  void StepWall(absl::Duration by);

  // Blocks until at least `count` threads wait in Sleep or WaitFor for a time not yet reached.
  void AwaitWaiters(int count);

 private:
  struct Waiter {
    absl::Duration until;
    Mutex* mutex;
    CondVar* condition;
  };

  Mutex mutex_;
  CondVar changed_ ABSL_GUARDED_BY(mutex_);
  absl::Time wall_ ABSL_GUARDED_BY(mutex_);
  absl::Duration monotonic_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft
