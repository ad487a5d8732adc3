#include "services/controller/operation_runner.h"

#include <atomic>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

class OperationRunnerTest : public ::testing::Test {
 protected:
  Operation New(const std::string& request_id = "") {
    return ledger_.New(Caller{"ann", request_id, false}, "add", "g");
  }
  static OperationRunner::Options Options() {
    OperationRunner::Options options;
    options.max_running = 2;
    options.retry = absl::Milliseconds(1);
    return options;
  }
  static absl::StatusOr<std::string> UntilCancelled(const OperationRunner::Running& running) {
    while (!running.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(1));
    return absl::CancelledError("asked for");
  }

  MemoryStore store_;
  OperationsBoard board_{OperationsBoard::Options(), &store_, RealClock::Get()};
  RequestLedger ledger_{&store_, &board_, RealClock::Get()};
  OperationRunner runner_{Options(), &store_, &board_, RealClock::Get()};
};

TEST_F(OperationRunnerTest, RecordsBeginProgressAndEnd) {
  const absl::StatusOr<Operation> begun = runner_.Run(
      New(), [](const OperationRunner::Running& running) -> absl::StatusOr<std::string> {
        running.report(0.5, "half");
        return std::string(R"({"figure":1})");
      });
  ASSERT_TRUE(begun.ok());
  EXPECT_EQ(board_.Wait(begun->id, absl::Seconds(10))->state, OperationState::kSucceeded);
  const absl::StatusOr<Operation> stored = store_.GetOperation(begun->id);
  EXPECT_EQ(stored->state, OperationState::kSucceeded);
  EXPECT_EQ(stored->result, R"({"figure":1})");
}

TEST_F(OperationRunnerTest, AFailureKeepsItsReasonAndWhatToDo) {
  const auto begun = runner_.Run(New(), [](const auto&) -> absl::StatusOr<std::string> {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NO_WAY", "it cannot be", "", "",
                           "do that first");
  });
  const absl::StatusOr<Operation> ended = board_.Wait(begun->id, absl::Seconds(10));
  EXPECT_EQ(ended->state, OperationState::kFailed);
  EXPECT_EQ(ended->error_reason, "NO_WAY");
  EXPECT_NE(ended->error_message.find("do that first"), std::string::npos);
}

TEST_F(OperationRunnerTest, EndsWhereAskedTo) {
  const auto begun = runner_.Run(New(), UntilCancelled);
  board_.MarkCancelRequested(begun->id);
  EXPECT_EQ(board_.Wait(begun->id, absl::Seconds(10))->state, OperationState::kCancelled);
}

TEST_F(OperationRunnerTest, RefusesWhatIsTooMuchAtOnce) {
  ASSERT_TRUE(runner_.Run(New(), UntilCancelled).ok());
  ASSERT_TRUE(runner_.Run(New(), UntilCancelled).ok());
  EXPECT_EQ(ErrorReason(runner_.Run(New(), UntilCancelled).status()), "TOO_MANY_OPERATIONS");
}

TEST_F(OperationRunnerTest, ARequestIsRunOnce) {
  ASSERT_TRUE(runner_.Run(New("r1"), UntilCancelled).ok());
  EXPECT_TRUE(IsRequestKnown(runner_.Run(New("r1"), UntilCancelled).status()));
}

// It led, another did, and it leads again, while work that does not look up goes on.
TEST_F(OperationRunnerTest, WhatEndsLateIsBegunAgainInALaterTerm) {
  std::atomic<bool> over = false;
  const auto begun = runner_.Run(New(), [&](const auto&) -> absl::StatusOr<std::string> {
    while (!over) RealClock::Get()->Sleep(absl::Milliseconds(1));
    return absl::AbortedError("the lease is lost");
  });
  ASSERT_TRUE(begun.ok()) << begun.status();
  std::atomic<int> again = 0;
  const auto resumed = [&](const auto&) -> absl::StatusOr<std::string> {
    ++again;
    return std::string();
  };
  ASSERT_TRUE(runner_.Resume(*begun, resumed).ok());  // it is being done
  runner_.Interrupt();
  ASSERT_TRUE(runner_.Resume(*begun, resumed).ok());
  ASSERT_TRUE(runner_.Resume(*begun, resumed).ok());
  over = true;
  EXPECT_EQ(board_.Wait(begun->id, absl::Seconds(10))->state, OperationState::kSucceeded);
  runner_.Stop();
  EXPECT_EQ(again, 1);
}

TEST_F(OperationRunnerTest, WhatAStopInterruptsStaysRunningForTheNextLeader) {
  const auto begun = runner_.Run(New(), UntilCancelled);
  runner_.Stop();
  EXPECT_EQ(store_.GetOperation(begun->id)->state, OperationState::kRunning);
  OperationRunner next(Options(), &store_, &board_, RealClock::Get());
  ASSERT_TRUE(
      next.Resume(*store_.GetOperation(begun->id), [](const auto&) { return std::string(); }).ok());
  EXPECT_EQ(board_.Wait(begun->id, absl::Seconds(10))->state, OperationState::kSucceeded);
}

TEST_F(OperationRunnerTest, ADeposedLeaderEndsItsWorkAndWritesNoEnd) {
  const auto begun = runner_.Run(New(), UntilCancelled);
  runner_.Interrupt();
  runner_.Stop();
  EXPECT_EQ(store_.GetOperation(begun->id)->state, OperationState::kRunning);
}

TEST_F(OperationRunnerTest, AnEndWaitsForAStoreThatIsDown) {
  const auto begun = runner_.Run(New(), [this](const auto&) -> absl::StatusOr<std::string> {
    store_.SetUnavailable(true);
    return std::string();
  });
  EXPECT_EQ(board_.Wait(begun->id, absl::Milliseconds(20))->state, OperationState::kRunning);
  store_.SetUnavailable(false);
  EXPECT_EQ(board_.Wait(begun->id, absl::Seconds(10))->state, OperationState::kSucceeded);
}

}  // namespace
}  // namespace weft::controller
