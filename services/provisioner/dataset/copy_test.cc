#include "services/provisioner/dataset/copy.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

constexpr uint64_t kMega = 1000000;

TEST(CopyTest, SaysBytesRowsSpeedAndTheTimeThatIsLeft) {
  const CopyProgress progress = {"copy rows", 300 * kMega, 1000 * kMega, 12345};
  EXPECT_EQ(ProgressText(progress, absl::Seconds(10)),
            "copy rows: 300.0 MB of 1.0 GB, 12345 rows, 30.0 MB/s, 24s left");
}

TEST(CopyTest, SaysOfProgressOnlyWhatIsKnown) {
  EXPECT_EQ(ProgressText({"prepare", 0, 1000, 0}, absl::Seconds(10)), "prepare");
  EXPECT_EQ(ProgressText({"copy files", 500, 0, 0}, absl::Seconds(10)),
            "copy files: 500 B, 50 B/s");
  // Within a second there is no speed yet.
  EXPECT_EQ(ProgressText({"copy files", 500, 2000, 0}, absl::Milliseconds(999)),
            "copy files: 500 B of 2.0 kB");
  // Statistics had it smaller than it is: what is left is not known.
  EXPECT_EQ(ProgressText({"copy rows", 3000, 2000, 7}, absl::Seconds(3)),
            "copy rows: 3.0 kB of 2.0 kB, 7 rows, 1.0 kB/s");
}

TEST(CopyTest, KnowsTheTimeThatIsLeftBySpeedSoFar) {
  EXPECT_EQ(TimeLeft({"copy rows", 250, 1000, 0}, absl::Seconds(10)), absl::Seconds(30));
  EXPECT_EQ(TimeLeft({"copy rows", 250, 1000, 0}, absl::Milliseconds(999)), std::nullopt);
  EXPECT_EQ(TimeLeft({"copy rows", 1000, 1000, 0}, absl::Seconds(10)), std::nullopt);
  EXPECT_EQ(TimeLeft({"prepare", 0, 1000, 0}, absl::Seconds(10)), std::nullopt);
}

TEST(CopyTest, SaysBytesInPowersOfTen) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(1000), "1.0 kB");
  EXPECT_EQ(BytesText(999949), "999.9 kB");
  EXPECT_EQ(BytesText(999950), "1.0 MB");
  EXPECT_EQ(BytesText(312'500'000), "312.5 MB");
  EXPECT_EQ(BytesText(uint64_t{5000000} * kMega), "5.0 TB");
  EXPECT_EQ(BytesText(uint64_t{5000000000} * kMega), "5000.0 TB");
}

TEST(CopyTest, KnowsMethodsByTheirNames) {
  for (const CopyMethod method :
       {CopyMethod::kAuto, CopyMethod::kPlugin, CopyMethod::kPhysical, CopyMethod::kLogical}) {
    EXPECT_EQ(ParseCopyMethod(ToString(method)), method);
  }
  EXPECT_EQ(ParseCopyMethod("LOGICAL"), CopyMethod::kLogical);
  EXPECT_EQ(ParseCopyMethod("dump"), std::nullopt);
}

TEST(CopyTest, GoesOnUntilItIsCancelled) {
  CopyWatch watch;
  EXPECT_TRUE(watch.MayGoOn().ok());
  bool cancelled = false;
  watch.cancelled = [&] { return cancelled; };
  EXPECT_TRUE(watch.MayGoOn().ok());
  cancelled = true;
  EXPECT_TRUE(absl::IsCancelled(watch.MayGoOn()));
}

TEST(CopyTest, ALostSourceIsNamed) {
  const absl::Status lost = SourceLost({"db1", 3306}, "connection refused");
  EXPECT_EQ(ErrorReason(lost), "SOURCE_LOST");
  EXPECT_EQ(GetErrorDetail(lost)->found, "connection refused");
}

}  // namespace
}  // namespace weft::provisioner
