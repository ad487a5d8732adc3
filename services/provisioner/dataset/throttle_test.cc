#include "services/provisioner/dataset/throttle.h"

#include "common/base/manual_clock.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

// Sleeping passes the time.
class SleepyClock : public ManualClock {
 public:
  void Sleep(absl::Duration duration) override { Advance(duration); }
};

TEST(ThrottleTest, BoundsTheFlowOverTime) {
  SleepyClock clock;
  clock.Advance(absl::Hours(1));
  Throttle throttle(1000, &clock);
  const absl::Duration start = clock.MonotonicNow();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(throttle.Take(100).ok());
  EXPECT_NEAR(absl::ToDoubleSeconds(clock.MonotonicNow() - start), 10, 0.2);
}

TEST(ThrottleTest, WithoutABoundNothingWaits) {
  SleepyClock clock;
  Throttle throttle(0, &clock);
  const absl::Duration start = clock.MonotonicNow();
  EXPECT_TRUE(throttle.Take(1'000'000'000).ok());
  EXPECT_EQ(clock.MonotonicNow(), start);
}

TEST(ThrottleTest, APauseIsNotFollowedByABurst) {
  SleepyClock clock;
  Throttle throttle(1000, &clock);
  EXPECT_TRUE(throttle.Take(1000).ok());
  clock.Advance(absl::Minutes(10));
  const absl::Duration start = clock.MonotonicNow();
  EXPECT_TRUE(throttle.Take(1000).ok());
  EXPECT_GE(clock.MonotonicNow() - start, absl::Milliseconds(900));
}

TEST(ThrottleTest, ALongWaitEndsSoonOnceItIsToEnd) {
  SleepyClock clock;
  Throttle throttle(1000, &clock);
  const absl::Duration start = clock.MonotonicNow();
  const absl::Status ended = throttle.Take(2 << 20, [&] {
    return clock.MonotonicNow() - start < absl::Seconds(5) ? absl::OkStatus()
                                                           : absl::CancelledError("asked to end");
  });
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  EXPECT_LT(clock.MonotonicNow() - start, absl::Seconds(6));
}

}  // namespace
}  // namespace weft::provisioner
