#include "services/provisioner/copies/progress_json.h"

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

TEST(ProgressJsonTest, HasTheFiguresThatAreKnown) {
  EXPECT_EQ(ProgressJson({"copy rows", 300, 1000, 7}, absl::Seconds(10)),
            R"({"bytes_done":300,"bytes_total":1000,"rows_done":7,"seconds_left":24})");
  EXPECT_EQ(ProgressJson({"copy files", 300, 1000, 0}, absl::Milliseconds(500)),
            R"({"bytes_done":300,"bytes_total":1000})");
  EXPECT_EQ(ProgressJson({"copy files", 300, 0, 0}, absl::Seconds(10)), R"({"bytes_done":300})");
  // Statistics had it smaller than it is.
  EXPECT_EQ(ProgressJson({"copy files", 300, 200, 0}, absl::Seconds(10)),
            R"({"bytes_done":300,"bytes_total":200})");
}

TEST(ProgressJsonTest, IsNothingBeforeTheFirstByte) {
  EXPECT_EQ(ProgressJson({"prepare", 0, 1000, 0}, absl::Seconds(10)), "");
}

}  // namespace
}  // namespace weft::provisioner
