#include "common/base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/base/manual_clock.h"
#include "common/base/mutex.h"

namespace weft {
namespace {

TEST(RealClockTest, MonotonicTimeNeverGoesBack) {
  absl::Duration before = RealClock::Get()->MonotonicNow();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = RealClock::Get()->MonotonicNow();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(RealClockTest, WaitsOutATimeout) {
  Mutex mutex;
  CondVar condition;
  MutexLock lock(&mutex);
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  while (RealClock::Get()->WaitFor(&condition, &mutex, absl::Milliseconds(20))) {
  }
  EXPECT_GE(RealClock::Get()->MonotonicNow() - start, absl::Milliseconds(20));
}

TEST(CondVarTest, AnElapsedTimeoutDoesNotWait) {
  Mutex mutex;
  CondVar condition;
  MutexLock lock(&mutex);
  EXPECT_FALSE(condition.WaitFor(&mutex, absl::ZeroDuration()));
  EXPECT_FALSE(condition.WaitFor(&mutex, absl::Seconds(-1)));
}

TEST(CondVarTest, AnEndlessWaitEndsByNotification) {
  Mutex mutex;
  CondVar condition;
  bool ready = false;
  std::thread other([&] {
    MutexLock lock(&mutex);
    ready = true;
    condition.NotifyAll();
  });
  {
    MutexLock lock(&mutex);
    while (!ready) EXPECT_TRUE(condition.WaitFor(&mutex, absl::InfiniteDuration()));
  }
  other.join();
}

TEST(ManualClockTest, StandsStillUntilAdvanced) {
  ManualClock clock(absl::FromUnixSeconds(100));
  const absl::Duration origin = clock.MonotonicNow();
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(100));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(105));
  EXPECT_EQ(clock.MonotonicNow() - origin, absl::Seconds(5));
}

TEST(ManualClockTest, AStepOfTheWallLeavesMonotonicTimeAlone) {
  ManualClock clock;
  const absl::Duration origin = clock.MonotonicNow();
  const absl::Time wall = clock.Now();
  clock.StepWall(absl::Hours(-3));
  EXPECT_EQ(clock.Now(), wall - absl::Hours(3));
  EXPECT_EQ(clock.MonotonicNow(), origin);
}

TEST(ManualClockTest, ASleeperWakesWhenItsTimeHasCome) {
  ManualClock clock;
  std::atomic<bool> woke = false;
  std::thread sleeper([&] {
    clock.Sleep(absl::Seconds(10));
    woke = true;
  });
  clock.AwaitWaiters(1);
  clock.Advance(absl::Seconds(9));
  clock.AwaitWaiters(1);
  EXPECT_FALSE(woke);
  clock.Advance(absl::Seconds(1));
  sleeper.join();
  EXPECT_TRUE(woke);
}

TEST(ManualClockTest, AWaiterWakesByNotificationBeforeItsTime) {
  ManualClock clock;
  Mutex mutex;
  CondVar condition;
  bool ready = false;
  bool in_time = false;
  std::thread waiter([&] {
    MutexLock lock(&mutex);
    while (!ready) in_time = clock.WaitFor(&condition, &mutex, absl::Seconds(10));
  });
  clock.AwaitWaiters(1);
  {
    MutexLock lock(&mutex);
    ready = true;
    condition.NotifyAll();
  }
  waiter.join();
  EXPECT_TRUE(in_time);
}

TEST(DeadlineTest, CountsDownAndStopsAtZero) {
  ManualClock clock;
  const Deadline deadline = Deadline::After(&clock, absl::Seconds(3));
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(deadline.Remaining(), absl::Seconds(2));
  EXPECT_FALSE(deadline.Passed());
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(deadline.Remaining(), absl::ZeroDuration());
  EXPECT_TRUE(deadline.Passed());
}

TEST(DeadlineTest, WithoutAClockItNeverPasses) {
  EXPECT_FALSE(Deadline().Passed());
  EXPECT_EQ(Deadline().Remaining(), absl::InfiniteDuration());
}

}  // namespace
}  // namespace weft
