#include "common/rpc/model.h"

#include "gtest/gtest.h"

namespace weft::rpc {
namespace {

TEST(RpcModelTest, TimesSurviveTheRoundTrip) {
  const absl::Time time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  EXPECT_EQ(FromProto(ToProto(time)), time);
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(2500), -absl::Milliseconds(1500),
        absl::Hours(24 * 365 * 1000) + absl::Nanoseconds(1)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration) << duration;
  }
  EXPECT_EQ(ToProto(-absl::Milliseconds(1500)).seconds(), -1);
  EXPECT_EQ(ToProto(-absl::Milliseconds(1500)).nanos(), -500'000'000);
}

TEST(RpcModelTest, EveryStatusAndModeSurvivesTheRoundTrip) {
  for (int number = 1; number < v1::ServerStatus_ARRAYSIZE; ++number) {
    const auto status = static_cast<v1::ServerStatus>(number);
    ASSERT_TRUE(FromProto(status).has_value()) << number;
    EXPECT_EQ(ToProto(*FromProto(status)), status);
  }
  for (int number = 1; number < v1::ServerMode_ARRAYSIZE; ++number) {
    const auto mode = static_cast<v1::ServerMode>(number);
    ASSERT_TRUE(FromProto(mode).has_value()) << number;
    EXPECT_EQ(ToProto(*FromProto(mode)), mode);
  }
}

TEST(RpcModelTest, WhatALaterVersionMaySayIsNothingKnown) {
  EXPECT_EQ(FromProto(v1::SERVER_STATUS_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(FromProto(static_cast<v1::ServerStatus>(77)), std::nullopt);
  EXPECT_EQ(FromProto(static_cast<v1::ServerMode>(77)), std::nullopt);
}

}  // namespace
}  // namespace weft::rpc
