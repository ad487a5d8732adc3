#include "services/controller/operations_board.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

constexpr char kId[] = "00000000-0000-4000-8000-000000000001";

class OperationsBoardTest : public ::testing::Test {
 protected:
  OperationsBoardTest() {
    operation_.id = kId;
    operation_.kind = "promote";
    operation_.group = "g";
    EXPECT_TRUE(store_.CreateOperation(operation_).ok());
  }
  static OperationsBoard::Options Options() {
    OperationsBoard::Options options;
    options.poll = absl::Milliseconds(5);
    options.write_delay = absl::Milliseconds(1);
    return options;
  }
  Operation With(double progress, OperationState state = OperationState::kRunning) {
    Operation operation = operation_;
    operation.progress = progress;
    operation.state = state;
    return operation;
  }

  MemoryStore store_;
  Operation operation_;
  OperationsBoard board_{Options(), &store_, RealClock::Get()};
};

TEST_F(OperationsBoardTest, ProgressIsSeenAtOnceAndNeverFalls) {
  board_.Report(With(0.5));
  board_.Report(With(0.3));
  EXPECT_EQ(board_.Get(kId)->progress, 0.5);
}

TEST_F(OperationsBoardTest, ProgressReachesTheStoreSoon) {
  board_.Report(With(0.5));
  while (store_.GetOperation(kId)->progress != 0.5) std::this_thread::yield();
}

TEST_F(OperationsBoardTest, WhoWaitsAtOneThatIsCutOffFromTheStoreIsSentAway) {
  OperationsBoard::Options options = Options();
  options.store_patience = absl::Milliseconds(50);
  OperationsBoard board(options, &store_, RealClock::Get());
  board.Show(With(0.5));  // it runs here
  std::atomic<bool> lost = false;
  ASSERT_TRUE(board
                  .Watch(
                      kId, [](const Operation&) {},
                      [&](const absl::Status& status) {
                        EXPECT_EQ(ErrorReason(status), "STORE_DOWN");
                        lost = true;
                      })
                  .ok());
  store_.SetUnavailable(true);
  EXPECT_EQ(ErrorReason(board.Wait(kId, absl::Seconds(30)).status()), "STORE_DOWN");
  while (!lost) std::this_thread::yield();
  store_.SetUnavailable(false);
  while (!board.Wait(kId, absl::Milliseconds(20)).ok()) std::this_thread::yield();
}

TEST_F(OperationsBoardTest, AnEndWakesWhoWaits) {
  board_.Show(With(0));
  std::thread ender([this] { board_.Show(With(1, OperationState::kSucceeded)); });
  const absl::StatusOr<Operation> ended = board_.Wait(kId, absl::Seconds(10));
  ender.join();
  EXPECT_EQ(ended->state, OperationState::kSucceeded);
}

TEST_F(OperationsBoardTest, AWaitThatRunsOutGivesTheOperationAsItIs) {
  board_.Show(With(0.2));
  EXPECT_EQ(board_.Wait(kId, absl::Milliseconds(10))->state, OperationState::kRunning);
}

TEST_F(OperationsBoardTest, AnEndThatAnotherProcessWroteIsSeenToo) {
  std::thread other(
      [this] { ASSERT_TRUE(store_.UpdateOperation(With(1, OperationState::kSucceeded)).ok()); });
  EXPECT_EQ(board_.Wait(kId, absl::Seconds(10))->state, OperationState::kSucceeded);
  other.join();
}

TEST_F(OperationsBoardTest, WatchersGetEveryChangeUntilTheEnd) {
  std::vector<double> seen;
  board_.Show(With(0));
  const absl::StatusOr<uint64_t> handle =
      board_.Watch(kId, [&](const Operation& now) { seen.push_back(now.progress); });
  ASSERT_TRUE(handle.ok());
  board_.Show(With(0.5));
  board_.Show(With(0.5));  // no change
  board_.Show(With(1, OperationState::kSucceeded));
  board_.Show(With(0.7));  // after the end
  EXPECT_EQ(seen, (std::vector<double>{0, 0.5, 1}));
  board_.Unwatch(*handle);
}

TEST_F(OperationsBoardTest, WatchingWhatHasEndedTellsItOnce) {
  board_.Show(With(1, OperationState::kSucceeded));
  int calls = 0;
  EXPECT_EQ(*board_.Watch(kId, [&](const Operation&) { ++calls; }), 0u);
  EXPECT_EQ(calls, 1);
}

TEST_F(OperationsBoardTest, AFigureMayBeCompletedAfterTheEnd) {
  ASSERT_TRUE(store_.UpdateOperation(With(1, OperationState::kSucceeded)).ok());
  board_.Show(With(1, OperationState::kSucceeded));
  Operation completed = With(1, OperationState::kSucceeded);
  completed.result = R"({"lost_transactions":3})";
  board_.Correct(completed);
  EXPECT_EQ(board_.Get(kId)->result, completed.result);
  while (store_.GetOperation(kId)->result != completed.result) std::this_thread::yield();
}

TEST_F(OperationsBoardTest, AskingForAnEndIsRemembered) {
  board_.Show(With(0));
  EXPECT_FALSE(board_.CancelRequested(kId));
  board_.MarkCancelRequested(kId);
  EXPECT_TRUE(board_.CancelRequested(kId));
  board_.Show(With(0.5));
  EXPECT_TRUE(board_.Get(kId)->cancel_requested);
}

TEST_F(OperationsBoardTest, TheEndOfOneThatGoesOnHereMayHaveBeenAskedForElsewhere) {
  Operation taken_over = With(0.5);
  taken_over.cancel_requested = true;
  board_.Show(taken_over);
  EXPECT_TRUE(board_.CancelRequested(kId));
}

TEST_F(OperationsBoardTest, WhatRunsElsewhereIsReadFromTheStoreAlsoOnceItsEndWasAskedFor) {
  board_.MarkCancelRequested(kId);
  EXPECT_TRUE(board_.CancelRequested(kId));
  ASSERT_TRUE(store_.UpdateOperation(With(1, OperationState::kCancelled)).ok());
  EXPECT_EQ(board_.Get(kId)->state, OperationState::kCancelled);
}

TEST_F(OperationsBoardTest, WhatADeposedLeaderShowedIsReadFromTheStoreAgain) {
  board_.Show(With(0.5));
  board_.ForgetRunning();
  ASSERT_TRUE(store_.UpdateOperation(With(1, OperationState::kSucceeded)).ok());
  EXPECT_EQ(board_.Get(kId)->state, OperationState::kSucceeded);
}

TEST_F(OperationsBoardTest, WhatNobodyKnowsIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(board_.Get("00000000-0000-4000-8000-000000000009").status()));
}

}  // namespace
}  // namespace weft::controller
