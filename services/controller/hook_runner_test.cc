#include "services/controller/hook_runner.h"

#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

using testing::Scene;

constexpr absl::Duration kPatience = absl::Seconds(20);

// Programs that are told of a change, of one runner after the other. Each run writes a line; it
// ends when the test lets it.
class HookRunnerTest : public ::testing::Test {
 protected:
  HookRunnerTest()
      : folder_(absl::StrCat(::testing::TempDir(), "/",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        journal_(EventJournal::Options(), &store_, RealClock::Get()) {
    book_["tell"] = {
        .command = {"/bin/sh", "-c",
                    absl::StrCat("echo $WEFT_OPERATION $WEFT_FAILOVER >> ", folder_,
                                 ".told; while [ ! -e ", folder_, ".end ]; do sleep 0.01; done")},
        .deadline = absl::Seconds(60)};
    step_ = {.occasion = "after_failover", .hook = "tell", .operation = "op"};
  }

  std::string Run(HookRunner* runner) {
    return runner->Run(
        Scene("abc"), step_, [this] { return leads_.load(); }, [this] { return is_moot_.load(); });
  }
  void LetItEnd() { std::ofstream(folder_ + ".end") << "now\n"; }
  std::string Told() const {
    std::ostringstream told;
    told << std::ifstream(folder_ + ".told").rdbuf();
    return told.str();
  }
  template <typename Condition>
  ::testing::AssertionResult Await(const Condition& condition) {
    const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
    while (!condition()) {
      if (deadline.Passed()) return ::testing::AssertionFailure() << "in vain";
      RealClock::Get()->Sleep(absl::Milliseconds(5));
    }
    return ::testing::AssertionSuccess();
  }

  const std::string folder_;
  MemoryStore store_;
  EventJournal journal_;
  HookBook book_;
  RunHook step_;
  std::atomic<bool> leads_ = true;
  std::atomic<bool> is_moot_ = false;
};

TEST_F(HookRunnerTest, NothingWaitsForAProgramThatIsToldAndItsEndIsKnownLater) {
  HookRunner runner(book_, &journal_);
  EXPECT_FALSE(runner.Runs("g", "op"));
  EXPECT_EQ(Run(&runner), kHookRuns);
  EXPECT_TRUE(runner.Runs("g", "op"));
  EXPECT_FALSE(runner.Runs("g", "another"));
  EXPECT_EQ(Run(&runner), kHookRuns);
  LetItEnd();
  ASSERT_TRUE(Await([&] { return !runner.Runs("g", "op"); }));
  EXPECT_EQ(Run(&runner), kHookOk);
  EXPECT_EQ(Run(&runner), kHookOk);
  EXPECT_EQ(Told(), "op true\n");
}

TEST_F(HookRunnerTest, HowItFailedIsSaid) {
  book_["tell"].command = {"/bin/sh", "-c", "exit 3"};
  HookRunner runner(book_, &journal_);
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return !runner.Runs("g", "op"); }));
  EXPECT_EQ(Run(&runner), "passed over: exit code 3");
}

TEST_F(HookRunnerTest, OneThatLeadsNoMoreKillsItAndRunsItAgainIfItLeadsAgain) {
  HookRunner runner(book_, &journal_);
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\n"; }));
  leads_ = false;
  ASSERT_TRUE(Await([&] { return !runner.Runs("g", "op"); }));
  leads_ = true;
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\nop true\n"; }));
}

TEST_F(HookRunnerTest, WhatIsKilledByAStopTheNextLeaderRunsAgain) {
  HookRunner runner(book_, &journal_);
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\n"; }));
  runner.Stop();
  EXPECT_EQ(Run(&runner), kHookRuns);  // so that its record stays
  EXPECT_EQ(Told(), "op true\n");
  HookRunner next(book_, &journal_);
  EXPECT_FALSE(next.Runs("g", "op"));
  EXPECT_EQ(Run(&next), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\nop true\n"; }));
}

TEST_F(HookRunnerTest, OneThatIsAskedIsKilledOnceItsAnswerNoLongerMatters) {
  step_.occasion = "before_switchover";
  HookRunner runner(book_, &journal_);
  std::string answer;
  std::thread asking([&] { answer = Run(&runner); });
  EXPECT_TRUE(Await([&] { return Told() == "op false\n"; }));
  is_moot_ = true;
  asking.join();
  EXPECT_EQ(answer, "aborted: killed: nobody waits for its answer any more");
}

TEST_F(HookRunnerTest, TheNextChangeOfTheGroupIsToldWhileTheLastOneStillIs) {
  HookRunner runner(book_, &journal_);
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\n"; }));
  step_ = {.occasion = "after_switchover", .hook = "tell", .operation = "next"};
  EXPECT_EQ(Run(&runner), kHookRuns);
  ASSERT_TRUE(Await([&] { return Told() == "op true\nnext false\n"; }));
  EXPECT_TRUE(runner.Runs("g", "op"));
  LetItEnd();
  ASSERT_TRUE(Await([&] { return !runner.Runs("g", "op") && !runner.Runs("g", "next"); }));
  EXPECT_EQ(Run(&runner), kHookOk);
}

}  // namespace
}  // namespace weft::controller
