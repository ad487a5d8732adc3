#include "services/monitor/beat_log.h"

#include <vector>

#include "common/base/manual_clock.h"
#include "gtest/gtest.h"

namespace weft::monitor {
namespace {

class BeatLogTest : public ::testing::Test {
 protected:
  // Writes so many heartbeats, half a second apart; returns their numbers.
  std::vector<uint64_t> Write(int count) {
    std::vector<uint64_t> numbers;
    for (int i = 0; i < count; ++i) {
      clock_.Advance(absl::Milliseconds(500));
      numbers.push_back(log_.Next());
      log_.Committed(primary_, numbers.back(), clock_.MonotonicNow());
    }
    return numbers;
  }

  ManualClock clock_;
  BeatLog log_{&clock_};
  const HostPort primary_{"h1", 3306};
};

TEST_F(BeatLogTest, AServerIsBehindByTheAgeOfTheFirstHeartbeatThatItLacks) {
  const std::vector<uint64_t> beats = Write(4);
  clock_.Advance(absl::Milliseconds(120));
  EXPECT_EQ(log_.LagBehind(primary_, beats[3]), absl::ZeroDuration());
  EXPECT_EQ(log_.LagBehind(primary_, beats[2]), absl::Milliseconds(120));
  EXPECT_EQ(log_.LagBehind(primary_, beats[0]), absl::Milliseconds(1120));
}

TEST_F(BeatLogTest, WhatAnEarlierPrimaryOrMonitorWroteCountsAsOlder) {
  const uint64_t before = log_.Next();
  const std::vector<uint64_t> beats = Write(2);
  EXPECT_GT(beats[0], before);
  EXPECT_EQ(log_.LagBehind(primary_, before), absl::Milliseconds(500));
  EXPECT_EQ(log_.LagBehind(primary_, 0), absl::Milliseconds(500));
}

TEST_F(BeatLogTest, NumbersRiseAlsoWhileTheClockStandsStill) {
  const uint64_t first = log_.Next();
  EXPECT_GT(log_.Next(), first);
}

TEST_F(BeatLogTest, NothingIsSaidOfAPrimaryThatIsNotWrittenTo) {
  EXPECT_EQ(log_.LagBehind(primary_, 1), std::nullopt);
  EXPECT_FALSE(log_.Writes(primary_));
  const std::vector<uint64_t> beats = Write(2);
  clock_.Advance(absl::Milliseconds(1500));  // half a second was between the last two
  EXPECT_EQ(log_.LagBehind(primary_, beats[1]), absl::ZeroDuration());
  EXPECT_TRUE(log_.Writes(primary_));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(log_.LagBehind(primary_, beats[1]), std::nullopt);
  EXPECT_FALSE(log_.Writes(primary_));
}

TEST_F(BeatLogTest, NorOfAServerThatIsFartherBehindThanIsRemembered) {
  const std::vector<uint64_t> beats = Write(300);
  EXPECT_EQ(log_.LagBehind(primary_, beats[0]), std::nullopt);
  EXPECT_EQ(log_.LagBehind(primary_, beats[100]), absl::Milliseconds(500) * 198);
}

TEST_F(BeatLogTest, APrimaryOfLongAgoIsForgotten) {
  const std::vector<uint64_t> beats = Write(1);
  clock_.Advance(absl::Minutes(11));
  log_.Committed({"h2", 3306}, log_.Next(), clock_.MonotonicNow());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(log_.LagBehind(primary_, beats[0]), std::nullopt);
  EXPECT_EQ(log_.LagBehind({"h2", 3306}, beats[0]), absl::Milliseconds(1));
}

}  // namespace
}  // namespace weft::monitor
