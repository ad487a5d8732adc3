#include "services/controller/request_ledger.h"

#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/manual_clock.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

class RequestLedgerTest : public ::testing::Test {
 protected:
  absl::Status Once(const std::string& id, const RequestLedger::Change& change,
                    const std::string& kind = "create", const std::string& group = "g") {
    return ledger_.Once(Caller{"ann", id, false}, kind, group, "", change);
  }

  MemoryStore store_;
  OperationsBoard board_{OperationsBoard::Options(), &store_, RealClock::Get()};
  RequestLedger ledger_{&store_, &board_, RealClock::Get()};
  int made_ = 0;
  const RequestLedger::Change make_ = [this](bool) {
    ++made_;
    return absl::OkStatus();
  };
};

TEST_F(RequestLedgerTest, EveryChangeIsAnOperationWithItsUser) {
  ASSERT_TRUE(Once("", make_).ok());
  const auto operations = store_.ListOperations("g", 10, "");
  ASSERT_EQ(operations->size(), 1u);
  EXPECT_EQ(operations->front().user, "ann");
  EXPECT_EQ(operations->front().state, OperationState::kSucceeded);
}

TEST_F(RequestLedgerTest, ARepeatedRequestActsOnce) {
  EXPECT_TRUE(Once("r1", make_).ok());
  EXPECT_TRUE(Once("r1", make_).ok());
  EXPECT_EQ(made_, 1);
  EXPECT_TRUE(Once("r2", make_).ok());
  EXPECT_EQ(made_, 2);
}

TEST_F(RequestLedgerTest, ARepeatedRequestGetsTheFirstOnesRefusal) {
  const auto refuse = [this](bool) {
    ++made_;
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NO_WAY", "it cannot be");
  };
  EXPECT_EQ(ErrorReason(Once("r1", refuse)), "NO_WAY");
  EXPECT_EQ(ErrorReason(Once("r1", make_)), "NO_WAY");
  EXPECT_EQ(made_, 1);
}

TEST_F(RequestLedgerTest, APassingFailureIsNoAnswerToKeep) {
  const auto unavailable = [](bool) { return absl::UnavailableError("not now"); };
  EXPECT_TRUE(absl::IsUnavailable(Once("r1", unavailable)));
  bool again = false;
  EXPECT_TRUE(Once("r1", [&](bool value) {
                again = value;
                return make_(value);
              }).ok());
  EXPECT_TRUE(again);
  EXPECT_EQ(made_, 1);
}

TEST_F(RequestLedgerTest, WhatIsNotAskedForAgainDoesNotRunForEver) {
  ManualClock clock;
  RequestLedger ledger(&store_, &board_, &clock);
  const auto unavailable = [](bool) {
    return ::weft::Refusal(absl::StatusCode::kUnavailable, "STORE_DOWN", "the store is down");
  };
  const auto state = [&] { return store_.ListOperations("g", 10, "")->front().state; };
  EXPECT_FALSE(ledger.Once(Caller{"ann", "r1", false}, "create", "g", "", unavailable).ok());
  clock.AwaitWaiters(1);  // the ledger's own thread, which does the same each second
  ledger.EndForgotten();
  EXPECT_EQ(state(), OperationState::kRunning);
  store_.SetUnavailable(true);
  clock.Advance(RequestLedger::kPatience);
  clock.AwaitWaiters(1);
  ledger.EndForgotten();
  store_.SetUnavailable(false);
  EXPECT_EQ(state(), OperationState::kRunning);
  ledger.EndForgotten();
  EXPECT_EQ(state(), OperationState::kFailed);
  EXPECT_EQ(store_.ListOperations("g", 10, "")->front().error_reason, "STORE_DOWN");
  EXPECT_EQ(ErrorReason(ledger.Once(Caller{"ann", "r1", false}, "create", "g", "", make_)),
            "STORE_DOWN");
  EXPECT_EQ(made_, 0);
}

TEST_F(RequestLedgerTest, WhatIsAskedForAgainInTimeIsNotEnded) {
  ManualClock clock;
  RequestLedger ledger(&store_, &board_, &clock);
  const auto unavailable = [](bool) { return absl::UnavailableError("not now"); };
  EXPECT_FALSE(ledger.Once(Caller{"ann", "r1", false}, "create", "g", "", unavailable).ok());
  EXPECT_TRUE(ledger.Once(Caller{"ann", "r1", false}, "create", "g", "", make_).ok());
  clock.Advance(RequestLedger::kPatience * 2);
  ledger.EndForgotten();
  EXPECT_EQ(store_.ListOperations("g", 10, "")->front().state, OperationState::kSucceeded);
}

TEST_F(RequestLedgerTest, AConditionThatDoesNotHoldEndsTheOperation) {
  const auto moved = [](bool) {
    return ::weft::Refusal(absl::StatusCode::kAborted, "ETAG_MOVED", "it has changed");
  };
  EXPECT_EQ(ErrorReason(Once("r1", moved)), "ETAG_MOVED");
  EXPECT_EQ(store_.ListOperations("g", 10, "")->front().state, OperationState::kFailed);
  const absl::Status again = Once("r1", make_);
  EXPECT_EQ(ErrorReason(again), "ETAG_MOVED");
  EXPECT_TRUE(absl::IsAborted(again));
  EXPECT_EQ(made_, 0);
}

TEST_F(RequestLedgerTest, AnIdOfAnotherRequestIsRefused) {
  ASSERT_TRUE(Once("r1", make_).ok());
  EXPECT_EQ(ErrorReason(Once("r1", make_, "destroy")), "REQUEST_ID_REUSED");
  EXPECT_EQ(ErrorReason(Once("r1", make_, "create", "h")), "REQUEST_ID_REUSED");
  EXPECT_EQ(made_, 1);
}

TEST_F(RequestLedgerTest, TwoOfOneIdAtTheSameTimeActOnce) {
  std::thread other([this] { EXPECT_TRUE(Once("r1", make_).ok()); });
  EXPECT_TRUE(Once("r1", make_).ok());
  other.join();
  EXPECT_EQ(made_, 1);
}

TEST_F(RequestLedgerTest, AnIdThatIsTooLongIsRefusedBeforeAnythingIsDone) {
  EXPECT_EQ(ErrorReason(Once(std::string(65, 'x'), make_)), "BAD_REQUEST_ID");
  EXPECT_EQ(made_, 0);
}

}  // namespace
}  // namespace weft::controller
