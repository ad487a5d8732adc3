// Operations and events: found again, listed newest first, bounded.
#include "absl/strings/str_cat.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

Operation FullOperation() {
  Operation operation;
  operation.id = "op's \"id\" \xC3\xA9";
  operation.kind = "failover";
  operation.group = "g";
  operation.server = Uuid('a').text();
  operation.request_id = std::string(255, 'r');
  operation.user = "m\xC3\xBCller\\";
  operation.state = OperationState::kRunning;
  operation.progress = 0.1;
  operation.phase = "catch up";
  operation.error_reason = "REASON";
  operation.error_message = std::string("a\0b'\n", 5);
  operation.result = R"({"lost_transactions": "unknown, at least 3"})";
  operation.cancel_requested = true;
  operation.created = At(1) + absl::Microseconds(1);
  operation.updated = At(2) + absl::Microseconds(999'999);
  return operation;
}

TEST_P(StoreContract, AnOperationIsKeptWhole) {
  const Operation operation = FullOperation();
  WEFT_ASSERT_OK(store().CreateOperation(operation));
  EXPECT_EQ(*store().GetOperation(operation.id), operation);
  EXPECT_EQ(**store().FindByRequest(operation.request_id), operation);
}

TEST_P(StoreContract, TimesAreKeptToTheMicrosecondAndWithinBounds) {
  Operation operation = MakeOperation("op");
  operation.created = At(1) + absl::Nanoseconds(1999);
  operation.updated = absl::InfiniteFuture();
  WEFT_ASSERT_OK(store().CreateOperation(operation));
  EXPECT_EQ(store().GetOperation("op")->created, At(1) + absl::Microseconds(1));
  EXPECT_GT(store().GetOperation("op")->updated, At(1'000'000));
}

TEST_P(StoreContract, ARequestIdIsUsedOnce) {
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op1", "request")));
  EXPECT_EQ(Outcome(store().CreateOperation(MakeOperation("op2", "request"))),
            "ALREADY_EXISTS REQUEST_KNOWN");
  EXPECT_EQ(Outcome(store().CreateOperation(MakeOperation("op1"))),
            "ALREADY_EXISTS OPERATION_EXISTS");
  EXPECT_EQ((*store().FindByRequest("request"))->id, "op1");
  WEFT_EXPECT_OK(store().CreateOperation(MakeOperation("op2", "Request")));
}

TEST_P(StoreContract, OperationsWithoutRequestIdAreNotProtected) {
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op1")));
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op2")));
  EXPECT_FALSE(store().FindByRequest("")->has_value());
  EXPECT_FALSE(store().FindByRequest("never made")->has_value());
}

TEST_P(StoreContract, IdsThatNoStoreKeepsAreRefused) {
  for (const std::string& id : {std::string(), std::string(65, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(store().CreateOperation(MakeOperation(id)))) << id;
    EXPECT_EQ(Outcome(store().GetOperation(id)), "NOT_FOUND UNKNOWN_OPERATION") << id;
    EXPECT_EQ(Outcome(store().UpdateOperation(MakeOperation(id))), "NOT_FOUND UNKNOWN_OPERATION");
    EXPECT_EQ(Outcome(store().RequestCancel(id)), "NOT_FOUND UNKNOWN_OPERATION") << id;
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(store().CreateOperation(MakeOperation("x", std::string(256, 'r')))));
}

TEST_P(StoreContract, AnUpdateOfAnOperationWritesHowItGoesAndNoMore) {
  Operation operation = FullOperation();
  WEFT_ASSERT_OK(store().CreateOperation(operation));
  Operation update = MakeOperation(operation.id, "another request");
  update.kind = "demote";
  update.user = "another";
  update.state = OperationState::kFailed;
  update.progress = 1.0 / 3.0;
  update.phase = "commit";
  update.error_reason = "OTHER";
  update.error_message = "other";
  update.result = "{}";
  update.created = At(50);
  update.updated = At(60);
  WEFT_ASSERT_OK(store().UpdateOperation(update));
  operation.state = update.state;
  operation.progress = update.progress;
  operation.phase = update.phase;
  operation.error_reason = update.error_reason;
  operation.error_message = update.error_message;
  operation.result = update.result;
  operation.updated = update.updated;
  EXPECT_EQ(*store().GetOperation(operation.id), operation);
}

TEST_P(StoreContract, OnlyTheResultOfAnOperationThatHasEndedMayBeCompleted) {
  Operation operation = MakeOperation("op");
  WEFT_ASSERT_OK(store().CreateOperation(operation));
  operation.state = OperationState::kSucceeded;
  operation.result = "{}";
  WEFT_ASSERT_OK(store().UpdateOperation(operation));
  Operation late = operation;
  late.state = OperationState::kRunning;
  EXPECT_EQ(Outcome(store().UpdateOperation(late)), "FAILED_PRECONDITION OPERATION_ENDED");
  late.state = OperationState::kSucceeded;
  late.result = operation.result = R"({"lost_transactions": 3})";
  late.phase = "late";
  late.progress = 0;
  late.updated = At(90);
  WEFT_EXPECT_OK(store().UpdateOperation(late));
  WEFT_EXPECT_OK(store().RequestCancel("op"));
  EXPECT_EQ(*store().GetOperation("op"), operation);
}

TEST_P(StoreContract, ACancellationIsRemembered) {
  WEFT_ASSERT_OK(store().CreateOperation(MakeOperation("op")));
  WEFT_ASSERT_OK(store().RequestCancel("op"));
  WEFT_ASSERT_OK(store().RequestCancel("op"));
  EXPECT_TRUE(store().GetOperation("op")->cancel_requested);
  WEFT_ASSERT_OK(store().UpdateOperation(MakeOperation("op")));
  EXPECT_TRUE(store().GetOperation("op")->cancel_requested);
  EXPECT_EQ(Outcome(store().RequestCancel("other")), "NOT_FOUND UNKNOWN_OPERATION");
}

std::string Ids(const absl::StatusOr<std::vector<Operation>>& operations) {
  std::string ids = operations.ok() ? "" : Outcome(operations);
  for (const Operation& operation : operations.value_or(std::vector<Operation>())) {
    absl::StrAppend(&ids, operation.id, " ");
  }
  return ids;
}

TEST_P(StoreContract, OperationsAreListedNewestFirstByPages) {
  for (int i = 1; i <= 5; ++i) {
    Operation operation = MakeOperation(absl::StrCat("op", i));
    operation.group = i % 2 == 0 ? "even" : "odd";
    WEFT_ASSERT_OK(store().CreateOperation(operation));
  }
  EXPECT_EQ(Ids(store().ListOperations("", 10, "")), "op5 op4 op3 op2 op1 ");
  EXPECT_EQ(Ids(store().ListOperations("", 2, "")), "op5 op4 ");
  EXPECT_EQ(Ids(store().ListOperations("", 2, "op4")), "op3 op2 ");
  EXPECT_EQ(Ids(store().ListOperations("", 2, "op1")), "");
  EXPECT_EQ(Ids(store().ListOperations("odd", 2, "")), "op5 op3 ");
  EXPECT_EQ(Ids(store().ListOperations("odd", 2, "op2")), "op1 ");
  EXPECT_EQ(Ids(store().ListOperations("none", 10, "")), "");
  EXPECT_EQ(Ids(store().ListOperations("", 0, "")), "");
  EXPECT_EQ(Ids(store().ListOperations("", 10, "op9")), "NOT_FOUND UNKNOWN_OPERATION");
}

TEST_P(StoreContract, TheOldestOperationsAreDroppedUnlessTheyRun) {
  Begin({.keep_operations = 3});
  for (int i = 1; i <= 6; ++i) {
    Operation operation = MakeOperation(absl::StrCat("op", i));
    if (i != 2) operation.state = OperationState::kSucceeded;
    WEFT_ASSERT_OK(store().CreateOperation(operation));
  }
  EXPECT_EQ(Ids(store().ListOperations("", 10, "")), "op6 op5 op4 op2 ");
}

TEST_P(StoreContract, EventsAreNumberedAndListedNewestFirst) {
  const Event full = {.when = At(3) + absl::Microseconds(5),
                      .group = "g",
                      .server = Uuid('a').text(),
                      .operation = "op",
                      .kind = "decision",
                      .text = std::string("it's\0\xF0\x9F\x90\xAC\xff", 10)};
  WEFT_ASSERT_OK(store().AppendEvent({.when = At(1), .group = "h", .text = "first"}));
  WEFT_ASSERT_OK(store().AppendEvent(full));
  WEFT_ASSERT_OK(store().AppendEvent({.when = At(2), .text = std::string(1'000'000, 'x')}));
  const std::vector<Event> all = *store().ListEvents("", 10, 0);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_GT(all[0].sequence, all[1].sequence);
  EXPECT_GT(all[1].sequence, all[2].sequence);
  EXPECT_EQ(all[0].text.size(), 1'000'000u);
  Event expected = full;
  expected.sequence = all[1].sequence;
  expected.text = std::string("it's\0\xF0\x9F\x90\xAC\xEF\xBF\xBD", 12);
  EXPECT_EQ(all[1], expected);
  EXPECT_EQ(store().ListEvents("", 1, all[1].sequence)->at(0).text, "first");
  EXPECT_EQ(store().ListEvents("g", 10, 0)->size(), 1u);
  EXPECT_TRUE(store().ListEvents("g", 10, all[1].sequence)->empty());
}

TEST_P(StoreContract, TheOldestEventsAreDropped) {
  Begin({.keep_events = 3});
  for (int i = 1; i <= 5; ++i) {
    WEFT_ASSERT_OK(store().AppendEvent({.when = At(i), .text = absl::StrCat(i)}));
  }
  std::string texts;
  const std::vector<Event> kept = *store().ListEvents("", 10, 0);
  for (const Event& event : kept) absl::StrAppend(&texts, event.text, " ");
  EXPECT_EQ(texts, "5 4 3 ");
}

TEST_P(StoreContract, AnEventThatNamesTooMuchIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(store().AppendEvent({.group = std::string(65, 'g')})));
  EXPECT_TRUE(store().ListEvents("", 10, 0)->empty());
}

}  // namespace
}  // namespace weft::controller
