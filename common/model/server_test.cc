#include "common/model/server.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

constexpr ServerStatus kStatuses[] = {ServerStatus::kSpare, ServerStatus::kSecondary,
                                      ServerStatus::kPrimary, ServerStatus::kFaulty,
                                      ServerStatus::kConfiguring};
constexpr ServerMode kModes[] = {ServerMode::kOffline, ServerMode::kReadOnly,
                                 ServerMode::kWriteOnly, ServerMode::kReadWrite};
constexpr PromotionRule kRules[] = {PromotionRule::kPrefer, PromotionRule::kNeutral,
                                    PromotionRule::kPreferNot, PromotionRule::kMustNot};

TEST(ServerTest, ParsesEachNameThatItPrints) {
  for (const ServerStatus status : kStatuses)
    EXPECT_EQ(ParseServerStatus(ToString(status)), status);
  for (const ServerMode mode : kModes) EXPECT_EQ(ParseServerMode(ToString(mode)), mode);
  for (const PromotionRule rule : kRules) EXPECT_EQ(ParsePromotionRule(ToString(rule)), rule);
}

TEST(ServerTest, ParsesAnyLetterCaseAndNothingElse) {
  EXPECT_EQ(ParseServerStatus("secondary"), ServerStatus::kSecondary);
  EXPECT_EQ(ParseServerMode("Read_Write"), ServerMode::kReadWrite);
  EXPECT_EQ(ParseServerStatus("slave"), std::nullopt);
  EXPECT_EQ(ParseServerMode(""), std::nullopt);
  EXPECT_EQ(ParsePromotionRule("must_not"), PromotionRule::kMustNot);
  EXPECT_EQ(ParsePromotionRule("NEVER"), std::nullopt);
}

TEST(ServerTest, DefaultModesAreLegal) {
  for (const ServerStatus status : kStatuses) {
    EXPECT_TRUE(IsLegalMode(status, DefaultMode(status))) << ToString(status);
  }
}

TEST(ServerTest, OnlyAPrimaryMayTakeWrites) {
  for (const ServerStatus status : kStatuses) {
    const bool primary = status == ServerStatus::kPrimary;
    EXPECT_EQ(IsLegalMode(status, ServerMode::kReadWrite), primary) << ToString(status);
    EXPECT_EQ(IsLegalMode(status, ServerMode::kWriteOnly), primary) << ToString(status);
  }
  EXPECT_FALSE(IsLegalMode(ServerStatus::kPrimary, ServerMode::kReadOnly));
  EXPECT_FALSE(IsLegalMode(ServerStatus::kFaulty, ServerMode::kReadOnly));
}

TEST(ServerTest, UsersMayMoveBetweenSpareAndSecondaryAndReleaseTheFaultyToSpare) {
  int legal = 0;
  for (const ServerStatus from : kStatuses) {
    for (const ServerStatus to : kStatuses) legal += IsLegalTransition(from, to);
  }
  EXPECT_EQ(legal, 3);
  EXPECT_TRUE(IsLegalTransition(ServerStatus::kSpare, ServerStatus::kSecondary));
  EXPECT_TRUE(IsLegalTransition(ServerStatus::kSecondary, ServerStatus::kSpare));
  EXPECT_TRUE(IsLegalTransition(ServerStatus::kFaulty, ServerStatus::kSpare));
}

}  // namespace
}  // namespace weft
