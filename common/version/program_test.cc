#include "common/version/program.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

TEST(ProgramTest, TellsItsNameAndVersion) {
  EXPECT_EQ(VersionText("weft-monitor").find("weft-monitor "), 0u);
  EXPECT_EQ(VersionText("weft-monitor").back(), '\n');
}

TEST(ProgramTest, TheFlagsOfAProcessStandInItsMain) {
  EXPECT_TRUE(HoldsOwnFlags("services/controller/main.cc"));
  EXPECT_FALSE(HoldsOwnFlags("absl/flags/parse.cc"));
}

}  // namespace
}  // namespace weft
