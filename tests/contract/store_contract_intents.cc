// Intents, and the operations that report on them.
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

Intent Promotion(const std::string& operation) {
  Intent intent;
  intent.goal = Goal::kPromote;
  intent.operation = operation;
  return intent;
}

TEST_P(StoreContract, AnIntentAndItsOperationAreWrittenTogether) {
  Group group = MakeGroup();
  Intent intent = Promotion("op");
  intent.target = Uuid('b');
  intent.failover = true;
  intent.write_stop_budget = absl::InfiniteDuration();
  WEFT_ASSERT_OK(store().SetIntent("g", group.revision, intent, MakeOperation("op", "request")));
  group.intent = intent;
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
  EXPECT_EQ(*store().GetOperation("op"), MakeOperation("op", "request"));
}

TEST_P(StoreContract, ASecondIntentWaitsForTheFirst) {
  const Group before = MakePromotion();
  EXPECT_EQ(
      Outcome(store().SetIntent("g", before.revision, Promotion("op2"), MakeOperation("op2"))),
      "ABORTED INTENT_PENDING");
  EXPECT_EQ(Loaded(), before);
  EXPECT_EQ(Outcome(store().GetOperation("op2")), "NOT_FOUND UNKNOWN_OPERATION");
}

TEST_P(StoreContract, AnIntentOnAnotherRevisionLeavesNoOperationBehind) {
  const Group before = MakeGroup();
  EXPECT_EQ(
      Outcome(store().SetIntent("g", before.revision + 1, Promotion("op"), MakeOperation("op"))),
      "ABORTED REVISION_MOVED");
  EXPECT_EQ(Loaded(), before);
  EXPECT_EQ(Outcome(store().GetOperation("op")), "NOT_FOUND UNKNOWN_OPERATION");
}

TEST_P(StoreContract, ARepeatedRequestMakesNoSecondIntent) {
  const Group group = MakeGroup();
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op", "request")));
  EXPECT_EQ(Outcome(store().SetIntent("g", group.revision, Promotion("op2"),
                                      MakeOperation("op2", "request"))),
            "ALREADY_EXISTS REQUEST_KNOWN");
  EXPECT_EQ(Outcome(store().SetIntent("g", group.revision, Promotion("op"), MakeOperation("op"))),
            "ALREADY_EXISTS OPERATION_EXISTS");
  EXPECT_EQ(Loaded(), group);
}

// A client that repeats its request learns that it was made, whatever else has changed since.
TEST_P(StoreContract, ARepeatedRequestIsSaidToBeOneBeforeAnythingElse) {
  const Group group = MakeGroup();
  WEFT_ASSERT_OK(
      store().SetIntent("g", group.revision, Promotion("op"), MakeOperation("op", "request")));
  EXPECT_EQ(Outcome(store().SetIntent("g", group.revision, Promotion("op2"),
                                      MakeOperation("op2", "request"))),
            "ALREADY_EXISTS REQUEST_KNOWN");
}

TEST_P(StoreContract, ThePendingIntentsOwnOperationMayChangeIt) {
  Group group = MakePromotion();
  Intent changed = Promotion("op");
  changed.failover = true;
  Operation ignored = MakeOperation("op");
  ignored.phase = "not written";
  WEFT_ASSERT_OK(store().SetIntent("g", group.revision, changed, ignored));
  group.intent = changed;
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
  EXPECT_EQ(store().GetOperation("op")->phase, "");
  EXPECT_EQ(Outcome(store().SetIntent("g", group.revision - 1, changed, ignored)),
            "ABORTED REVISION_MOVED");
}

TEST_P(StoreContract, EndingAnIntentEndsItsOperation) {
  Group group = MakePromotion();
  Operation ended = MakeOperation("op");
  ended.state = OperationState::kFailed;
  ended.progress = 0.75;
  ended.phase = "commit";
  ended.error_reason = "REASON";
  ended.error_message = "what was found";
  ended.result = R"({"write_stop_ms": 3})";
  ended.updated = At(9);
  WEFT_ASSERT_OK(store().EndIntent("g", ended));
  group.intent = Intent();
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
  EXPECT_EQ(*store().GetOperation("op"), ended);
}

TEST_P(StoreContract, OnlyThePendingIntentIsEnded) {
  const Group before = MakePromotion();
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op2")));
  EXPECT_EQ(Outcome(store().EndIntent("g", MakeOperation("op2"))), "ABORTED INTENT_MOVED");
  EXPECT_EQ(Loaded(), before);
  WEFT_ASSERT_OK(store().EndIntent("g", MakeOperation("op")));
  EXPECT_EQ(Outcome(store().EndIntent("g", MakeOperation("op"))), "ABORTED INTENT_MOVED");
}

TEST_P(StoreContract, AnOperationThatWasCancelledMeanwhileStaysCancelled) {
  MakePromotion();
  Operation cancelled = MakeOperation("op");
  cancelled.state = OperationState::kCancelled;
  WEFT_ASSERT_OK(store().UpdateOperation(cancelled));
  Operation succeeded = MakeOperation("op");
  succeeded.state = OperationState::kSucceeded;
  WEFT_ASSERT_OK(store().EndIntent("g", succeeded));
  EXPECT_EQ(store().GetOperation("op")->state, OperationState::kCancelled);
  EXPECT_EQ(Loaded().intent, Intent());
}

}  // namespace
}  // namespace weft::controller
