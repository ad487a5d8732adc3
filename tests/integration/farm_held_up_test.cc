// Steps on real servers that are held up, by a lock, by another's turn or by a server that hangs:
// they end in time, and what is left of them takes no effect (rule 10).
#include <memory>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/farm.h"
#include "tests/integration/farm_rules_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

class FarmHeldUpTest : public RealFarmTest {
 protected:
  // One server, open, on which a client holds a lock that hinders SET read_only.
  void StartLocked() {
    Start(1);
    ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
    ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
    auto app = real_->ConnectApp(0);
    ASSERT_TRUE(app.ok()) << app.status();
    app_ = *std::move(app);
    ASSERT_EQ(app_->Execute(test_sql::kLockLedger), absl::OkStatus());
  }

  std::unique_ptr<mysql::Session> app_;  // of StartLocked
};

TEST_F(FarmHeldUpTest, AStatementThatTimesOutIsKilledAndSeenGone) {
  ASSERT_NO_FATAL_FAILURE(StartLocked());
  // The lock holds it up for a second; its time is over sooner.
  const absl::Status status = Do(Fence{uuid(0), /*kill_sessions=*/false}, absl::Milliseconds(700));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(Root(0, test_sql::kStatementsUnderWay), "0");
  EXPECT_TRUE(See(0).reached());
  ASSERT_EQ(app_->Execute(test_sql::kUnlock), absl::OkStatus());
  real_->Wait(absl::Milliseconds(1200));
  EXPECT_EQ(Root(0, test_sql::kReadOnly), "0") << "the statement took effect after all";
  EXPECT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
}

TEST_F(FarmHeldUpTest, AServerThatHungUnderAStepIsUnreachedUntilItsSessionIsGone) {
  Start(1);
  ASSERT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());  // so the acting session is open
  ASSERT_EQ(real_->Pause(uuid(0)), absl::OkStatus());
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  const absl::Status status = Do(Unfence{uuid(0)}, absl::Seconds(1));
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(3));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(See(0).contact, Contact::kUnreachable);
  ASSERT_EQ(real_->Resume(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(Until(0, [](const Observation& seen) { return seen.reached(); }).reached());
  EXPECT_EQ(Root(0, test_sql::kStatementsUnderWay), "0");
  EXPECT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
}

// S25. Held up by a lock, and by a server that hangs.
TEST_F(FarmHeldUpTest, AStepThatIsInterruptedIsOverAtOnceAndTakesNoEffect) {
  ASSERT_NO_FATAL_FAILURE(StartLocked());
  farm().Interrupt(group_, {uuid(0)});  // of nothing
  absl::Duration interrupted;
  std::thread other([&] {
    for (int i = 0; i < 200 && Root(0, test_sql::kStatementsUnderWay) == "0"; ++i) {
    }
    interrupted = RealClock::Get()->MonotonicNow();
    farm().Interrupt(group_, {uuid(0)});
  });
  const absl::Status status = Do(Fence{uuid(0), /*kill_sessions=*/false});
  other.join();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_LT(RealClock::Get()->MonotonicNow() - interrupted, absl::Milliseconds(500));
  EXPECT_EQ(Root(0, test_sql::kStatementsUnderWay), "0");
  ASSERT_EQ(app_->Execute(test_sql::kUnlock), absl::OkStatus());
  EXPECT_EQ(Root(0, test_sql::kReadOnly), "0");
  EXPECT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());

  ASSERT_EQ(real_->Pause(uuid(0)), absl::OkStatus());
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  std::thread another([&] {
    real_->Wait(absl::Milliseconds(300));
    farm().Interrupt(group_, {uuid(0)});
  });
  EXPECT_FALSE(Do(Unfence{uuid(0)}).ok());
  another.join();
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(2));
  ASSERT_EQ(real_->Resume(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(Until(0, [](const Observation& seen) { return seen.reached(); }).reached());
}

// Which itself is not to be cut.
TEST_F(FarmHeldUpTest, AStepThatWaitsForAnothersTurnIsOverAtOnceWhenItIsInterrupted) {
  Start(1);
  ASSERT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());  // so the acting session is open
  ASSERT_EQ(real_->Pause(uuid(0)), absl::OkStatus());
  std::thread saving([&] {
    const GtidSet some = GtidSet::Parse(uuid(0).text() + ":1").value();
    EXPECT_FALSE(farm().SaveTransactions(group_, uuid(0), some, absl::Seconds(6)).ok());
  });
  real_->Wait(absl::Milliseconds(300));
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  std::thread other([&] {
    real_->Wait(absl::Milliseconds(300));
    farm().Interrupt(group_, {uuid(0)});
  });
  EXPECT_EQ(ErrorReason(Do(Unfence{uuid(0)})), "STEP_UNDER_WAY");
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(2));
  other.join();
  saving.join();
  ASSERT_EQ(real_->Resume(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(Until(0, [](const Observation& seen) { return seen.reached(); }).reached());
}

// S22. However long it may go on to apply.
TEST_F(FarmHeldUpTest, AServerThatHangsWhileItCatchesUpIsGivenUpWithinSeconds) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, /*acknowledge=*/false)), absl::OkStatus());
  std::thread pausing([&] {
    real_->Wait(absl::Milliseconds(700));
    EXPECT_EQ(real_->Pause(uuid(1)), absl::OkStatus());
  });
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  const CatchUp never{.server = uuid(1),
                      .goal = GtidSet::Parse(uuid(0).text() + ":1-999999").value(),
                      .budget = absl::Seconds(60)};
  EXPECT_FALSE(Do(never, absl::Seconds(61)).ok());
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(8));
  pausing.join();
  ASSERT_EQ(real_->Resume(uuid(1)), absl::OkStatus());
}

}  // namespace
}  // namespace weft::controller
