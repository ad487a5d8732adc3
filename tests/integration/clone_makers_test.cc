// What becomes of a copy between real servers when another one onto its target is begun, or who
// makes it dies, or was thought dead and is not.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/folder_swap.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

// Its first sleep is three minutes longer for who reads it than it is.
class HurriedClock : public Clock {
 public:
  absl::Time Now() override { return real_->Now(); }
  absl::Duration MonotonicNow() override { return real_->MonotonicNow() + skipped_; }
  void Sleep(absl::Duration duration) override {
    real_->Sleep(duration);
    skipped_ = absl::Minutes(3);
  }
  bool WaitFor(CondVar* condition, Mutex* mutex, absl::Duration timeout) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return real_->WaitFor(condition, mutex, timeout);
  }

 private:
  RealClock* const real_ = RealClock::Get();
  absl::Duration skipped_;
};

class CloneMakersTest : public CloneFarm {
 protected:
  // What becomes of a target with data when the source cannot even be asked.
  absl::Status CopyFromNobody() {
    Root(1, sql::kFill);
    CopyOrder order = Order();
    order.source.port = 1;
    const auto copied = RunCopy(*access_, CopyMethod::kLogical, order, {}, {}, RealClock::Get());
    EXPECT_FALSE(copied.ok());
    EXPECT_EQ(GetErrorDetail(copied.status())->metadata["target"], "unknown");
    return copied.status();
  }
  // Who was thought dead: a process that is stopped while its rows are under way.
  void BeginAndStop() {
    bytes_per_second_ = Slow(CopyMethod::kLogical);
    stopped_ = fork();
    ASSERT_GE(stopped_, 0);
    if (stopped_ == 0) {
      const auto copied = RunCopy(
          *access_, CopyMethod::kLogical, Order(), {}, [] { return true; }, RealClock::Get());
      _exit(copied.ok() ? 0 : 1);
    }
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
    while (Peek(1, sql::kRowsUnderWay) != "1" && !deadline.Passed()) {
    }
    ASSERT_FALSE(deadline.Passed());
    ASSERT_EQ(kill(stopped_, SIGSTOP), 0);
    // Its reading ones would keep the next copy from a consistent state of the source.
    for (const std::string& session : SessionsOf(0, Duty::kBackup)) {
      Root(0, absl::StrCat("KILL ", session));
    }
    bytes_per_second_ = 0;
  }
  // How it ended: 1 with an error.
  int WakeUp() {
    int status = 0;
    kill(stopped_, SIGCONT);
    waitpid(stopped_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::vector<std::string> SessionsOf(int index, Duty duty) {
    const std::string sql = absl::StrFormat(sql::kSessionsOf, farm_->account(duty).user);
    return absl::StrSplit(Root(index, sql), '\n', absl::SkipEmpty());
  }

  pid_t stopped_ = -1;
};

TEST_F(CloneMakersTest, ASecondCopyOntoATargetIsRefusedAndHarmsNothing) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    absl::StatusOr<CopyFigures> second;
    const auto first = CopyAndHit(method, 20 << 20, [&] {
      CopyOrder order = Order();
      order.job = "another";
      second = RunCopy(*access_, CopyMethod::kLogical, order, {}, {}, RealClock::Get());
    });
    EXPECT_EQ(ErrorReason(second.status()), "CLONE_UNDER_WAY") << second.status();
    ASSERT_TRUE(first.ok()) << first.status();
    ExpectAlike();
  }
}

TEST_F(CloneMakersTest, AMakerThatWasThoughtDeadHasNoSessionLeftToWriteOver) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  ASSERT_NO_FATAL_FAILURE(BeginAndStop());
  const std::vector<std::string> before = SessionsOf(1, Duty::kRestore);
  EXPECT_GT(before.size(), 4u);
  std::vector<std::string> meanwhile;
  const auto copied = Copy(CopyMethod::kLogical, [&] {
    if (meanwhile.empty() && UnderWay()) meanwhile = SessionsOf(1, Duty::kRestore);
    return false;
  });
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_FALSE(meanwhile.empty());
  for (const std::string& session : meanwhile) {
    for (const std::string& earlier : before) EXPECT_NE(session, earlier);
  }
  EXPECT_EQ(WakeUp(), 1);
  ExpectAlike();
}

// Its own job is resumed, and not another's.
TEST_F(CloneMakersTest, WhatAStoppedMakerHoldsIsTakenByItsOwnJobAlone) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  ASSERT_NO_FATAL_FAILURE(BeginAndStop());
  CopyOrder another = Order();
  another.job = "another";
  const auto refused = RunCopy(*access_, CopyMethod::kLogical, another, {}, {}, RealClock::Get());
  EXPECT_EQ(ErrorReason(refused.status()), "CLONE_UNDER_WAY") << refused.status();
  EXPECT_TRUE(absl::StrContains(DescribeError(refused.status()), "the-job")) << refused.status();
  const auto copied = Copy(CopyMethod::kLogical);
  ASSERT_TRUE(copied.ok()) << copied.status();
  WakeUp();
}

TEST_F(CloneMakersTest, AKilledSessionThatUndoesItsWorkIsNoOtherCopy) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  Root(1, sql::kFill);
  Root(1, sql::kFillMany);
  const auto killed = access_->Open(address(1), Duty::kRestore, absl::Minutes(5));
  ASSERT_TRUE(killed.ok()) << killed.status();
  std::thread at_work([&] { EXPECT_FALSE((*killed)->Execute(sql::kMuchToUndo).ok()); });
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
  while (Peek(1, sql::kHasMuchToUndo) != "1" && !deadline.Passed()) {
  }
  resumed_ = true;
  HurriedClock clock;
  const auto copied = RunCopy(*access_, CopyMethod::kLogical, Order(), {}, {}, &clock);
  at_work.join();
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(ErrorReason(copied.status()), "TARGET_BUSY") << copied.status();
  EXPECT_EQ(GetErrorDetail(copied.status())->metadata["target"], "empty") << copied.status();
  ExpectEmpty();
}

TEST_F(CloneMakersTest, ATargetThatACopyNeverGotHoldOfIsNotEmptied) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  const absl::Status failed = CopyFromNobody();
  EXPECT_TRUE(absl::StrContains(failed.message(), "was left as it is")) << failed;
  EXPECT_NE(Root(1, sql::kUserSchemas), "0");
}

TEST_F(CloneMakersTest, ATargetThatAnotherCopyHasBegunIsNotEmptiedByOneThatIsResumed) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  Root(1, sql::kMarkOfAnother);
  resumed_ = true;
  const absl::Status failed = CopyFromNobody();
  EXPECT_TRUE(absl::StrContains(failed.message(), "was left as it is")) << failed;
  EXPECT_NE(Root(1, sql::kUserSchemas), "0");
}

TEST_F(CloneMakersTest, ATargetThatBecameSomebodysIsNotEmptied) {
  ASSERT_NO_FATAL_FAILURE(StartFilled());
  bytes_per_second_ = Slow(CopyMethod::kLogical);
  CopyWatch watch;
  watch.report = [this](const CopyProgress& progress) { last_ = progress; };
  watch.cancelled = [this] { return UnderWay(); };
  watch.may_be_emptied = [] { return absl::FailedPreconditionError("it is in group g7 by now"); };
  const auto copied = RunCopy(*access_, CopyMethod::kLogical, Order(), watch, {}, RealClock::Get());
  ASSERT_TRUE(absl::IsCancelled(copied.status())) << copied.status();
  EXPECT_TRUE(absl::StrContains(copied.status().message(), "group g7")) << copied.status();
  EXPECT_EQ(GetErrorDetail(copied.status())->metadata["target"], "unknown");
  EXPECT_NE(Root(1, sql::kUserSchemas), "0");
}

// It takes a while to end, and looks like one that runs.
TEST_F(CloneMakersTest, ATargetThatADeadMakerToldToEndIsStartedAgain) {
  ASSERT_NO_FATAL_FAILURE(StartFilled("5.6"));
  const Instance& target = farm_->instance(1);
  const auto pid = target.Inspect().pid;
  bytes_per_second_ = Slow(CopyMethod::kPhysical);
  const auto taken_into_hands = [&] {
    const auto text = ReadFile(target.dir() + "/my.cnf");
    return text.ok() && *text != WithoutSwapLines(*text);
  };
  CopyAndDie(CopyMethod::kPhysical, taken_into_hands);
  const auto running = target.Inspect();
  if (running.running) kill(running.pid, SIGTERM);
  ASSERT_TRUE(MendFolder(target.dir(), RealClock::Get()).ok());
  EXPECT_FALSE(taken_into_hands());
  EXPECT_NE(target.Inspect().pid, pid);
  bytes_per_second_ = 0;
  const auto copied = Copy(CopyMethod::kPhysical);
  EXPECT_TRUE(copied.ok()) << copied.status();
}

}  // namespace
}  // namespace weft::provisioner
