#include "common/base/duration_text.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(DurationTextTest, KeepsWhatMattersAndRoundsTheRest) {
  EXPECT_EQ(DurationText(absl::Nanoseconds(1'983'272'088)), "2.0 s");
  EXPECT_EQ(DurationText(absl::Microseconds(300'400)), "300 ms");
  EXPECT_EQ(DurationText(absl::Microseconds(999'700)), "1.0 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(9'960)), "10 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(59'600)), "1 min");
  EXPECT_EQ(DurationText(absl::Seconds(65)), "1 min 5 s");
  EXPECT_EQ(DurationText(absl::Minutes(150)), "2 h 30 min");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3 d 4 h");
}

TEST(DurationTextTest, HasWordsForTheEnds) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0 s");
  EXPECT_EQ(DurationText(absl::Microseconds(20)), "less than 1 ms");
  EXPECT_EQ(DurationText(absl::InfiniteDuration()), "for ever");
  EXPECT_EQ(DurationText(absl::Seconds(-2)), "-2.0 s");
}

}  // namespace
}  // namespace weft
