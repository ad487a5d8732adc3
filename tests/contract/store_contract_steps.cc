// Record steps: the store does what ApplyRecordStep says, or nothing.
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/controller/ports/record_steps.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

const char kExecuted[] =
    "aaaaaaaa-0000-0000-0000-000000000000:1-20,bbbbbbbb-0000-0000-0000-000000000000:1-3";

std::vector<Step> StepsThatSucceed() {
  return {
      Commit{Uuid('b'), {Uuid('a'), Uuid('c')}, Gtids(kExecuted), ServerStatus::kFaulty},
      Commit{Uuid('b'), {}, GtidSet(), ServerStatus::kSecondary},
      Commit{Uuid('b'),
             {Uuid('f')},
             Gtids("cccccccc-0000-0000-0000-000000000000:1"),
             ServerStatus::kSpare},
      Commit{Uuid('a'), {Uuid('b')}, Gtids(kExecuted), ServerStatus::kFaulty},
      Commit{ServerUuid(), {}, Gtids(kExecuted), ServerStatus::kSecondary},
      SetAcknowledgers{{Uuid('b')}, Gtids(kExecuted)},
      SetAcknowledgers{{}, GtidSet()},
      SetAcknowledgers{{Uuid('a'), Uuid('b'), Uuid('c')}, GtidSet()},
      SetStatus{Uuid('c'), ServerStatus::kFaulty, "errant",
                "cccccccc-0000-0000-0000-000000000000:1"},
      SetStatus{Uuid('c'), ServerStatus::kSecondary, "", ""},
      SetStatus{Uuid('c'), ServerStatus::kSpare, "it's", ""},
      SetStatus{Uuid('a'), ServerStatus::kFaulty, "", ""},
      BeginSwitchover{Uuid('c')},
      GiveUp{"NOT_CAUGHT_UP", "b lacks aaaa:\xff'7'"},
  };
}

TEST_P(StoreContract, AStepOnTheRecordDoesWhatItsDefinitionSays) {
  MakePromotion();
  for (const Step& step : StepsThatSucceed()) {
    const Group before = Loaded();
    Group expected = before;
    WEFT_ASSERT_OK(ApplyRecordStep(before, step, At(5), &expected)) << ToString(step);
    if (std::holds_alternative<GiveUp>(step)) {
      expected.intent.given_up_message = "b lacks aaaa:\xEF\xBF\xBD'7'";
    }
    WEFT_ASSERT_OK(store().Apply(before, step, At(5))) << ToString(step);
    EXPECT_EQ(Loaded(), expected) << ToString(step);
  }
}

TEST_P(StoreContract, AModeThatAUserChoseOutlivesAStatusThatStays) {
  Group group = MakeGroup();
  group.servers[2].mode = ServerMode::kOffline;
  WEFT_ASSERT_OK(store().UpdateServer("g", group.revision, Uuid('c'), group.servers[2]));
  group = Loaded();
  WEFT_ASSERT_OK(store().Apply(group, SetStatus{Uuid('c'), ServerStatus::kSecondary}, At(1)));
  EXPECT_EQ(Loaded().servers[2].mode, ServerMode::kOffline);
  WEFT_ASSERT_OK(store().Apply(group, SetStatus{Uuid('c'), ServerStatus::kFaulty}, At(1)));
  WEFT_ASSERT_OK(store().Apply(group, SetStatus{Uuid('c'), ServerStatus::kSecondary}, At(1)));
  EXPECT_EQ(Loaded().servers[2].mode, ServerMode::kReadOnly);
}

TEST_P(StoreContract, AServerThatMustNotBeThePrimaryDoesNotBecomeItUnlessItIsIt) {
  const Group seen = MakePromotion();
  for (const char letter : {'a', 'b'}) {
    Server server = *Loaded().Find(Uuid(letter));
    server.promotion_rule = PromotionRule::kMustNot;
    WEFT_ASSERT_OK(store().UpdateServer("g", Loaded().revision, server.uuid, server));
  }
  const Group before = Loaded();
  const Commit forbidden{Uuid('b'), {}, GtidSet(), ServerStatus::kSecondary};
  EXPECT_EQ(Outcome(store().Apply(seen, forbidden, At(2))), "ABORTED PROMOTION_FORBIDDEN");
  EXPECT_EQ(Loaded(), before);
  ASSERT_EQ(before.primary, Uuid('a'));
  WEFT_EXPECT_OK(store().Apply(seen, Commit{Uuid('a'), {}, GtidSet()}, At(2)));
}

TEST_P(StoreContract, AStepSeenInAnotherEpochIsRefused) {
  const Group group = MakePromotion();
  WEFT_ASSERT_OK(store().Apply(group, Commit{Uuid('b'), {}, {}}, At(2)));
  const Group before = Loaded();
  for (const Step& step : StepsThatSucceed()) {
    EXPECT_EQ(Outcome(store().Apply(group, step, At(3))), "ABORTED EPOCH_MOVED") << ToString(step);
  }
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, AStepSeenWithAnotherAcknowledgerSetIsRefused) {
  const Group group = MakePromotion();
  WEFT_ASSERT_OK(store().Apply(group, SetAcknowledgers{{Uuid('b')}, {}}, At(2)));
  const Group before = Loaded();
  for (const Step& step : StepsThatSucceed()) {
    EXPECT_EQ(Outcome(store().Apply(group, step, At(3))), "ABORTED ACKNOWLEDGERS_MOVED")
        << ToString(step);
  }
  EXPECT_EQ(Loaded(), before);
}

// Somebody's change of a weight must not hold a failover up.
TEST_P(StoreContract, ARevisionThatMovedDoesNotStopACommit) {
  const Group group = MakeGroup();
  WEFT_ASSERT_OK(store().UpdateGroup(group));
  WEFT_ASSERT_OK(store().Apply(group, Commit{Uuid('b'), {}, {}}, At(2)));
  EXPECT_EQ(Loaded().primary, Uuid('b'));
  EXPECT_EQ(Loaded().revision, group.revision + 2);
}

// A failover that was decided for an asynchronous group may lose what a lossless one promises.
TEST_P(StoreContract, WhatWasDecidedBeforeTheDurabilityChangedIsRefused) {
  const Group group = MakeGroup();
  Group async = group;
  async.durability = Durability::kAsync;
  Group two = group;
  two.acknowledgements = group.acknowledgements + 1;
  Group continues = group;
  continues.settings.on_last_acknowledger_lost = OnLastAcknowledgerLost::kContinue;
  for (Group changed : {async, two, continues, group}) {
    const Group seen = Loaded();
    changed.revision = seen.revision;
    WEFT_ASSERT_OK(store().UpdateGroup(changed));
    EXPECT_EQ(Loaded().acknowledgers.version, seen.acknowledgers.version + 1);
    for (const Step& step : {Step(Commit{Uuid('b'), {}, {}}), Step(SetAcknowledgers{{}, {}})}) {
      EXPECT_EQ(Outcome(store().Apply(seen, step, At(2))), "ABORTED ACKNOWLEDGERS_MOVED");
    }
    EXPECT_EQ(Loaded().primary, group.primary);
  }
}

TEST_P(StoreContract, AStepOnAServerThatIsNotInTheGroupIsRefused) {
  const Group before = MakeGroup();
  EXPECT_EQ(Outcome(store().Apply(before, Commit{Uuid('d'), {Uuid('b')}, {}}, At(2))),
            "NOT_FOUND UNKNOWN_SERVER");
  EXPECT_EQ(Outcome(store().Apply(before, SetStatus{Uuid('d'), ServerStatus::kSpare}, At(2))),
            "NOT_FOUND UNKNOWN_SERVER");
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, AStepOnAnIntentThatIsOverIsRefused) {
  const Group group = MakePromotion();
  WEFT_ASSERT_OK(store().EndIntent("g", MakeOperation("op")));
  const Group before = Loaded();
  for (const Group& seen : {group, before}) {
    EXPECT_EQ(Outcome(store().Apply(seen, BeginSwitchover{Uuid('c')}, At(2))),
              "ABORTED INTENT_MOVED");
    EXPECT_EQ(Outcome(store().Apply(seen, GiveUp{"REASON", ""}, At(2))), "ABORTED INTENT_MOVED");
  }
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, AStepOnAServerIsNoneOfTheStores) {
  const Group before = MakeGroup();
  const std::vector<Step> steps = {Fence{Uuid('a')}, Unfence{Uuid('a')}, BeginFailover{}, Finish{}};
  for (const Step& step : steps) {
    EXPECT_EQ(Outcome(store().Apply(before, step, At(2))), "INVALID_ARGUMENT NOT_A_RECORD_STEP")
        << ToString(step);
  }
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, OfManyCommitsOfOneEpochExactlyOneWins) {
  MakeGroup();
  for (int round = 0; round < 5; ++round) {
    const Group group = Loaded();
    std::atomic<int> winners = 0;
    std::vector<std::thread> writers;
    for (const char letter : {'a', 'b', 'c', 'b'}) {
      writers.emplace_back([&, letter] {
        const std::unique_ptr<Store> writer = Another();
        const std::string outcome =
            Outcome(writer->Apply(group, Commit{Uuid(letter), {}, {}}, At(round)));
        if (outcome == "OK") {
          ++winners;
        } else {
          EXPECT_EQ(outcome, "ABORTED EPOCH_MOVED");
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(winners, 1);
    const Group after = Loaded();
    EXPECT_EQ(after.epoch, group.epoch + 1);
    EXPECT_EQ(after.history.size(), group.history.size() + 1);
    EXPECT_EQ(after.history.back().primary, after.primary);
  }
}

TEST_P(StoreContract, TheNewestReignsAreLoaded) {
  Group group = MakeGroup();
  for (size_t i = 0; i < kHistoryLimit + 3; ++i) {
    const Commit commit{Uuid(i % 2 == 0 ? 'b' : 'a'), {}, {}};
    WEFT_ASSERT_OK(store().Apply(group, commit, At(static_cast<int>(i))));
    group = Loaded();
  }
  ASSERT_EQ(group.history.size(), kHistoryLimit);
  EXPECT_EQ(group.history.back().number, group.epoch);
  EXPECT_EQ(group.history.front().number, group.epoch - kHistoryLimit + 1);
}

// Nobody may see the new epoch without its reign, its servers' statuses and its acknowledgers.
TEST_P(StoreContract, ALoadSeesOneInstant) {
  MakeGroup();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    const std::unique_ptr<Store> own = Another();
    for (int i = 0; i < 40; ++i) {
      const Group group = *own->Load("g");
      const char winner = i % 2 == 0 ? 'b' : 'a';
      EXPECT_EQ(Outcome(own->Apply(group, Commit{Uuid(winner), {Uuid(winner)}, {}}, At(i))), "OK");
    }
    done = true;
  });
  while (!done) {
    const Group group = Loaded();
    EXPECT_EQ(group.history.back().number, group.epoch);
    EXPECT_EQ(group.history.back().primary, group.primary);
    EXPECT_EQ(group.Find(group.primary)->status, ServerStatus::kPrimary);
    if (group.epoch > 1) {
      EXPECT_EQ(group.acknowledgers.servers, std::set<ServerUuid>{group.primary});
    }
  }
  writer.join();
}

}  // namespace
}  // namespace weft::controller
