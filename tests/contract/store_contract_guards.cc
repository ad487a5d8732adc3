// Guards: the node's kill switch, what programs have answered, the last failover.
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

TEST_P(StoreContract, TheKillSwitchIsOnUntilSomebodyTurnsItAndComesWithEachGroup) {
  MakeGroup();
  EXPECT_EQ(*store().LoadFailoverSwitch(), FailoverSwitch());
  const FailoverSwitch off{
      .enabled = false, .reason = "it's \"moving\" day", .user = "admin", .since = At(7)};
  WEFT_ASSERT_OK(store().SetFailoverSwitch(off));
  EXPECT_EQ(*store().LoadFailoverSwitch(), off);
  EXPECT_EQ(Loaded().failover_switch, off);
  FailoverSwitch on = off;
  on.enabled = true;
  WEFT_ASSERT_OK(store().SetFailoverSwitch(on));
  EXPECT_EQ(Loaded().failover_switch, on);
}

TEST_P(StoreContract, TheKillSwitchIsTurnedOnlyUnderTheTerm) {
  EXPECT_EQ(Outcome(Another(2)->SetFailoverSwitch({false, "", "", At(1)})), "ABORTED TERM_MOVED");
  EXPECT_TRUE(store().LoadFailoverSwitch()->enabled);
}

TEST_P(StoreContract, WhatProgramsAnsweredIsKeptForThePendingIntentOrTheOneThatTheyWereOf) {
  const Group group = MakePromotion();
  HookRecord hooks;
  hooks.operation = "op";
  hooks.epoch = 18'000'000'000'000'000'000u;
  hooks.when = At(3);
  hooks.outcomes = {{"before_failover", kHookOk}, {"fence", "aborted: it's \xC3\xA9 \"late\""}};
  WEFT_ASSERT_OK(store().RecordHooks("g", hooks));
  EXPECT_EQ(Loaded().hooks, hooks);
  EXPECT_EQ(Loaded().revision, group.revision + 1);
  hooks.operation = "other";
  EXPECT_EQ(Outcome(store().RecordHooks("g", hooks)), "ABORTED INTENT_MOVED");
  EXPECT_EQ(Outcome(store().RecordHooks("none", hooks)), "NOT_FOUND UNKNOWN_GROUP");
  WEFT_ASSERT_OK(store().EndIntent("g", MakeOperation("op")));
  EXPECT_EQ(Outcome(store().RecordHooks("g", hooks)), "ABORTED INTENT_MOVED");
  hooks.operation = "op";
  hooks.outcomes["after_failover"] = kHookOk;  // it ended later
  WEFT_ASSERT_OK(store().RecordHooks("g", hooks));
  EXPECT_EQ(Loaded().hooks, hooks);
  EXPECT_EQ(Outcome(Another(2)->RecordHooks("g", hooks)), "ABORTED TERM_MOVED");
}

TEST_P(StoreContract, OnlyTheCommitOfAFailoverIsRemembered) {
  Group group = MakePromotion();
  WEFT_ASSERT_OK(store().Apply(group, Commit{Uuid('b'), {}, {}}, At(5)));
  EXPECT_EQ(Loaded().last_failover, LastFailover());
  WEFT_ASSERT_OK(store().EndIntent("g", MakeOperation("op")));
  group = Loaded();
  const Intent failover{.goal = Goal::kPromote, .target = {}, .failover = true, .operation = "op2"};
  WEFT_ASSERT_OK(store().SetIntent("g", group.revision, failover, MakeOperation("op2")));
  group = Loaded();
  WEFT_ASSERT_OK(store().Apply(group, Commit{Uuid('a'), {}, {}}, At(6)));
  EXPECT_EQ(Loaded().last_failover, (LastFailover{group.epoch + 1, At(6)}));
}

TEST_P(StoreContract, AnEventKeepsWhoAskedForIt) {
  Event event;
  event.when = At(1);
  event.kind = "request";
  event.text = "promote g1";
  event.user = "o'brien";
  WEFT_ASSERT_OK(store().AppendEvent(event));
  EXPECT_EQ(store().ListEvents("", 1, 0)->front().user, "o'brien");
}

}  // namespace
}  // namespace weft::controller
