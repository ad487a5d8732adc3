#include "services/provisioner/dataset/donor_watch.h"

#include <string>

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

using Answer = DonorWatch::Answer;

mysql::ResultSet Stages(const std::string& copied, const std::string& state = "In Progress") {
  return mysql::ResultSet({"stage", "state", "estimate", "data"},
                          {{"DROP DATA", "Completed", "0", "0"},
                           {"FILE COPY", state, "1000", copied},
                           {"FILE SYNC", "Not Started", "0", "0"}});
}

absl::Duration At(int seconds) { return absl::Seconds(seconds); }

TEST(DonorWatchTest, ASourceWhoseDataComeIsNotAsked) {
  DonorWatch watch;
  for (int second = 0; second < 100; ++second) {
    EXPECT_FALSE(watch.Look(Stages(std::to_string(second)), At(second)));
  }
}

TEST(DonorWatchTest, AsksOnceASecondWhenNothingComes) {
  DonorWatch watch;
  EXPECT_FALSE(watch.Look(Stages("1"), At(0)));
  EXPECT_FALSE(watch.Look(Stages("1"), At(2)));
  EXPECT_TRUE(watch.Look(Stages("1"), At(3)));
  EXPECT_FALSE(watch.Look(Stages("1"), At(3) + absl::Milliseconds(900)));
  EXPECT_TRUE(watch.Look(Stages("1"), At(4)));
  EXPECT_FALSE(watch.Look(Stages("2"), At(5)));
}

TEST(DonorWatchTest, ATargetThatHasAllNeedsNoSource) {
  DonorWatch watch;
  EXPECT_FALSE(watch.Look(Stages("1000"), At(0)));
  EXPECT_FALSE(watch.Look(Stages("1000", "Completed"), At(60)));
}

TEST(DonorWatchTest, OneThatLacksATenthIsMidway) {
  DonorWatch watch;
  EXPECT_FALSE(watch.Midway());
  watch.Look(Stages("899"), At(0));
  EXPECT_TRUE(watch.Midway());
  watch.Look(Stages("900"), At(1));
  EXPECT_FALSE(watch.Midway());
  watch.Look(Stages("899", "Completed"), At(2));  // the rest is another stage's
  EXPECT_FALSE(watch.Midway());
}

TEST(DonorWatchTest, GivesUpOneThatRefusesForFifteenSeconds) {
  DonorWatch watch;
  for (int second = 0; second < 15; ++second) {
    EXPECT_FALSE(watch.Heard(Answer::kRefuses, At(second)));
  }
  EXPECT_TRUE(watch.Heard(Answer::kRefuses, At(15)));
}

TEST(DonorWatchTest, GivesUpOneThatIsSilentForAMinute) {
  DonorWatch watch;
  for (int second = 0; second < 60; second += 4) {
    EXPECT_FALSE(watch.Heard(Answer::kSilent, At(second)));
    EXPECT_FALSE(watch.Heard(Answer::kRefuses, At(second + 1)));
  }
  EXPECT_TRUE(watch.Heard(Answer::kSilent, At(60)));
}

TEST(DonorWatchTest, AnAnswerOrAByteBeginsAnew) {
  DonorWatch watch;
  EXPECT_FALSE(watch.Heard(Answer::kRefuses, At(0)));
  EXPECT_FALSE(watch.Heard(Answer::kAnswers, At(14)));
  EXPECT_FALSE(watch.Heard(Answer::kRefuses, At(16)));
  EXPECT_FALSE(watch.Look(Stages("1"), At(17)));
  EXPECT_FALSE(watch.Heard(Answer::kRefuses, At(31)));
  EXPECT_TRUE(watch.Heard(Answer::kRefuses, At(46)));
}

}  // namespace
}  // namespace weft::provisioner
