#include "common/base/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace weft {
namespace {

BackoffOptions Exact() {
  return {.initial = absl::Milliseconds(50),
          .maximum = absl::Seconds(1),
          .multiplier = 2.0,
          .jitter = 0.0};
}

TEST(BackoffTest, DoublesUpToTheMaximum) {
  EXPECT_EQ(BackoffDelay(Exact(), 1, 0.9), absl::Milliseconds(50));
  EXPECT_EQ(BackoffDelay(Exact(), 2, 0.9), absl::Milliseconds(100));
  EXPECT_EQ(BackoffDelay(Exact(), 5, 0.9), absl::Milliseconds(800));
  EXPECT_EQ(BackoffDelay(Exact(), 6, 0.9), absl::Seconds(1));
}

TEST(BackoffTest, StaysBoundedHoweverManyFailures) {
  EXPECT_EQ(BackoffDelay(Exact(), std::numeric_limits<int>::max(), 0), absl::Seconds(1));
  BackoffOptions steep = Exact();
  steep.multiplier = 1e9;
  EXPECT_EQ(BackoffDelay(steep, 1'000, 0), absl::Seconds(1));
}

TEST(BackoffTest, DoesNotWaitBeforeTheFirstFailure) {
  EXPECT_EQ(BackoffDelay(Exact(), 0, 0.5), absl::ZeroDuration());
  EXPECT_EQ(BackoffDelay(Exact(), -3, 0.5), absl::ZeroDuration());
}

TEST(BackoffTest, JitterOnlyShortensTheDelay) {
  BackoffOptions options = Exact();
  options.jitter = 0.5;
  EXPECT_EQ(BackoffDelay(options, 1, 0.0), absl::Milliseconds(50));
  EXPECT_EQ(BackoffDelay(options, 1, 0.5), absl::Milliseconds(37.5));
  EXPECT_GT(BackoffDelay(options, 1, 0.999), absl::Milliseconds(25));
}

TEST(BackoffTest, BeginsAnewAfterAReset) {
  Backoff backoff(Exact());
  EXPECT_EQ(backoff.Next(0), absl::Milliseconds(50));
  EXPECT_EQ(backoff.Next(0), absl::Milliseconds(100));
  EXPECT_EQ(backoff.attempts(), 2);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(0), absl::Milliseconds(50));
}

}  // namespace
}  // namespace weft
