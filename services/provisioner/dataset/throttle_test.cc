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
  for (int i = 0; i < 100; ++i) throttle.Take(100);
  EXPECT_NEAR(absl::ToDoubleSeconds(clock.MonotonicNow() - start), 10, 0.2);
}

TEST(ThrottleTest, WithoutABoundNothingWaits) {
  SleepyClock clock;
  Throttle throttle(0, &clock);
  const absl::Duration start = clock.MonotonicNow();
  throttle.Take(1'000'000'000);
  EXPECT_EQ(clock.MonotonicNow(), start);
}

TEST(ThrottleTest, APauseIsNotFollowedByABurst) {
  SleepyClock clock;
  Throttle throttle(1000, &clock);
  throttle.Take(1000);
  clock.Advance(absl::Minutes(10));
  const absl::Duration start = clock.MonotonicNow();
  throttle.Take(1000);
  EXPECT_GE(clock.MonotonicNow() - start, absl::Milliseconds(900));
}

}  // namespace
}  // namespace weft::provisioner
