#include "services/controller/mysql/receiver_memory.h"

#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kNow = absl::Hours(5);

ReceiverMemory::Signs Receiving(const char* position, uint64_t heartbeats) {
  return {.receiving = true, .source = "a", .position = position, .heartbeats = heartbeats};
}

TEST(ReceiverMemoryTest, ReadsTheHeartbeatPeriodOfMysql56) {
  const auto period = [](const char* seconds) {
    return HeartbeatPeriodOf(mysql::ResultSet(
        {"Variable_name", "Value"},
        {{"Slave_heartbeat_period", seconds}, {"Slave_received_heartbeats", "7"}}));
  };
  EXPECT_EQ(period("0.500"), absl::Milliseconds(500));
  EXPECT_EQ(period("30.000"), absl::Seconds(30));
  EXPECT_EQ(period("0.000"), absl::InfiniteDuration());
}

TEST(ReceiverMemoryTest, KnowsNothingOfASourceThatWasNeverConnected) {
  ReceiverMemory memory;
  EXPECT_EQ(memory.Heard({.source = "a"}, kNow), std::nullopt);
  EXPECT_EQ(memory.Heard({.source = "a"}, kNow + absl::Seconds(9)), std::nullopt);
}

TEST(ReceiverMemoryTest, ClaimsTheLeastAtTheFirstLookAtAConnectedReceiver) {
  ReceiverMemory memory;
  EXPECT_EQ(memory.Heard(Receiving("log:4", 1), kNow), absl::ZeroDuration());
}

TEST(ReceiverMemoryTest, GrowsWhileNothingMoves) {
  ReceiverMemory memory;
  memory.Heard(Receiving("log:4", 1), kNow);
  EXPECT_EQ(memory.Heard(Receiving("log:4", 1), kNow + absl::Seconds(2)), absl::Seconds(2));
  EXPECT_EQ(memory.Heard(Receiving("log:4", 1), kNow + absl::Seconds(3)), absl::Seconds(3));
}

TEST(ReceiverMemoryTest, AnEventOrAHeartbeatIsASignOfLife) {
  ReceiverMemory memory;
  memory.Heard(Receiving("log:4", 1), kNow);
  EXPECT_EQ(memory.Heard(Receiving("log:4", 2), kNow + absl::Seconds(2)), absl::ZeroDuration());
  EXPECT_EQ(memory.Heard(Receiving("log:9", 2), kNow + absl::Seconds(4)), absl::ZeroDuration());
}

TEST(ReceiverMemoryTest, GoesOnCountingWhenTheReceiverLosesItsSource) {
  ReceiverMemory memory;
  memory.Heard(Receiving("log:4", 1), kNow);
  ReceiverMemory::Signs lost = Receiving("log:4", 1);
  lost.receiving = false;
  EXPECT_EQ(memory.Heard(lost, kNow + absl::Seconds(2)), absl::Seconds(2));
  // It got through again: that is a sign of life, even before an event.
  EXPECT_EQ(memory.Heard(Receiving("log:4", 1), kNow + absl::Seconds(5)), absl::ZeroDuration());
}

TEST(ReceiverMemoryTest, ForgetsWhatItHeardFromAnotherSource) {
  ReceiverMemory memory;
  memory.Heard(Receiving("log:4", 1), kNow);
  ReceiverMemory::Signs other{.receiving = false, .source = "b", .position = "log:4"};
  EXPECT_EQ(memory.Heard(other, kNow + absl::Seconds(1)), std::nullopt);
}

TEST(LastSignTest, IsTheYoungerOfTheReplicasWordAndOfWhatMoved) {
  EXPECT_EQ(LastSign(absl::Seconds(1), absl::Seconds(2)), absl::Seconds(1));
  // Its clock was stepped forward.
  EXPECT_EQ(LastSign(absl::Hours(3), absl::Seconds(2)), absl::Seconds(2));
  EXPECT_EQ(LastSign(absl::Seconds(1), std::nullopt), absl::Seconds(1));
  EXPECT_EQ(LastSign(std::nullopt, absl::Seconds(2)), absl::Seconds(2));
  EXPECT_EQ(LastSign(std::nullopt, std::nullopt), std::nullopt);
}

TEST(LastSignTest, TheWordOfAClockThatWasSteppedBackIsNone) {
  EXPECT_EQ(LastSign(-absl::Hours(3), absl::Seconds(4)), absl::Seconds(4));
  EXPECT_EQ(LastSign(-absl::Hours(3), std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace weft::controller
