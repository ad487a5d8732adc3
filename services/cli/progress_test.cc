#include "services/cli/progress.h"

#include <gtest/gtest.h>

#include "common/base/manual_clock.h"
#include "services/cli/testing/fake_console.h"

namespace weft::cli {
namespace {

TEST(ProgressLineTest, ShowsPhaseBarAndAge) {
  const Style ascii = {.color = false, .unicode = false};
  EXPECT_EQ(ProgressLine({"promote g1", "catch up", 0.5}, absl::Seconds(3), 80, ascii),
            "promote g1: catch up  [##########..........]  50%  3.0s");
  EXPECT_EQ(ProgressLine({"promote g1", "", -1}, absl::Seconds(12), 80, ascii), "promote g1  12s");
  EXPECT_EQ(ProgressLine({"x", "", 1}, absl::Seconds(12), 80, {}),
            "x  [████████████████████] 100%  12s");
}

TEST(ProgressLineTest, FitsTheTerminal) {
  const Step step = {"promote g1", "a phase with a name that does not fit at all", 0.25};
  EXPECT_EQ(DisplayWidth(ProgressLine(step, absl::Seconds(3), 60, {})), 59);
}

TEST(ProgressTest, SaysNothingOfWhatIsDoneWithinASecond) {
  ManualClock clock;
  FakeConsole console(true);
  {
    Progress progress(&console, &clock, {});
    progress.Update({"promote g1", "commit", 0.5});
    clock.AwaitWaiters(1);
    clock.Advance(absl::Milliseconds(900));
  }
  EXPECT_EQ(console.err(), "");
}

TEST(ProgressTest, RedrawsOneLineOnATerminalAndWipesIt) {
  ManualClock clock;
  FakeConsole console(true);
  {
    Progress progress(&console, &clock, {.color = false, .unicode = false});
    progress.Update({"clone", "", -1});
    clock.AwaitWaiters(1);
    clock.Advance(absl::Milliseconds(1500));
    ASSERT_TRUE(console.AwaitErr("\r\x1b[Kclone  1.5s"));
  }
  const std::string shown = console.err();
  EXPECT_EQ(shown.substr(shown.size() - 4), "\r\x1b[K");
  EXPECT_EQ(shown.find('\n'), std::string::npos);
}

TEST(ProgressTest, WritesALineForEachPhaseWhereThereIsNoTerminal) {
  ManualClock clock;
  FakeConsole console;
  {
    Progress progress(&console, &clock, {});
    progress.Update({"clone", "copy", 0.1});
    clock.AwaitWaiters(1);
    clock.Advance(absl::Seconds(2));
    ASSERT_TRUE(console.AwaitErr("clone: copy (2.0s)\n"));
    progress.Update({"clone", "copy", 0.2});
    progress.Update({"clone", "restart", 0.9});
    ASSERT_TRUE(console.AwaitErr("clone: restart (2.0s)\n"));
  }
  EXPECT_EQ(console.err(), "clone: copy (2.0s)\nclone: restart (2.0s)\n");
}

}  // namespace
}  // namespace weft::cli
