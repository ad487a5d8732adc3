// Groups: kept whole, compared by revision.
#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

const char kWeird[] = "it's \"quoted\" \\ % _ ` ; -- \xC3\xA9\xF0\x9F\x90\xAC\t\r\n\x1a";

// No field at its default.
Group FullGroup() {
  Group group;
  group.id = "Full-group_1.x";
  group.description = kWeird;
  group.active = true;
  group.durability = Durability::kAsync;
  group.acknowledgements = 4'000'000'000;
  group.epoch = 18'000'000'000'000'000'000u;
  group.primary = Uuid('b');
  group.acknowledgers = {17'000'000'000'000'000'000u, {Uuid('a'), Uuid('e')}};
  group.watermark = Gtids(
      "aaaaaaaa-0000-0000-0000-000000000000:1-5:7:tag_x:1-9,"
      "bbbbbbbb-0000-0000-0000-000000000000:9223372036854775806");
  group.history = {{group.epoch - 1, ServerUuid(), GtidSet(), At(1) + absl::Microseconds(1)},
                   {group.epoch, Uuid('b'), group.watermark, At(2) + absl::Microseconds(999'999)}};
  group.intent = {.goal = Goal::kPromote,
                  .target = Uuid('a'),
                  .failover = true,
                  .operation = "an operation",
                  .write_stop_budget = absl::Microseconds(1'234'567),
                  .reopen = true,
                  .given_up = "SOME_REASON",
                  .given_up_message = kWeird};
  group.settings.failover_enabled = false;
  group.settings.cool_down = absl::Microseconds(1'234'567);
  group.settings.unknown = {{"of tomorrow", kWeird}, {"cool", ""}};
  group.last_failover = {16'000'000'000'000'000'000u, At(3) + absl::Microseconds(1)};
  Server a = MakeServer('a', 65535);
  a.group = group.id;
  a.address.host = "fe80::1";
  a.status = ServerStatus::kFaulty;
  a.mode = ServerMode::kWriteOnly;
  a.weight = 0.1;
  a.promotion_rule = PromotionRule::kPreferNot;
  a.zone = std::string(64, 'z');
  a.set_aside = kWeird;
  a.errant = "aaaaaaaa-0000-0000-0000-000000000000:6";
  Server b = MakeServer('b', 1);
  b.group = group.id;
  b.address.host = std::string(255, 'h');
  b.status = ServerStatus::kConfiguring;
  b.mode = ServerMode::kOffline;
  b.weight = 1.0 / 3.0;
  group.servers = {a, b};
  group.revision = 1;
  return group;
}

TEST_P(StoreContract, AGroupIsKeptWhole) {
  const Group group = FullGroup();
  WEFT_ASSERT_OK(store().CreateGroup(group));
  EXPECT_EQ(Loaded(group.id), group);
}

TEST_P(StoreContract, AGroupOfDefaultsIsKeptWhole) {
  Group group;
  group.id = "plain";
  WEFT_ASSERT_OK(store().CreateGroup(group));
  group.revision = 1;
  EXPECT_EQ(Loaded("plain"), group);
}

TEST_P(StoreContract, EachWordOfTheModelIsKept) {
  int made = 0;
  for (const Goal goal : {Goal::kKeep, Goal::kPromote, Goal::kDemote}) {
    for (const Durability durability : {Durability::kAsync, Durability::kLossless}) {
      Group group;
      group.id = absl::StrCat("g", ++made);
      group.durability = durability;
      group.intent.goal = goal;
      group.intent.write_stop_budget = absl::InfiniteDuration();
      group.revision = 1;
      WEFT_ASSERT_OK(store().CreateGroup(group));
      EXPECT_EQ(Loaded(group.id), group);
    }
  }
}

TEST_P(StoreContract, TextsMayHoldNulsAndBytesThatAreNoCharactersAreReplaced) {
  Group group;
  group.id = "g";
  group.description = std::string("a\0b\xff", 4);
  WEFT_ASSERT_OK(store().CreateGroup(group));
  EXPECT_EQ(Loaded().description, std::string("a\0b\xEF\xBF\xBD", 6));
}

TEST_P(StoreContract, AGtidSetOfAMegabyteIsKept) {
  Group group = MakeGroup();
  std::string text = Uuid('a').text();
  for (uint64_t number = 1'000'000'000; text.size() < 1'000'000; number += 2) {
    absl::StrAppend(&text, ":", number);
  }
  const GtidSet large = Gtids(text);
  WEFT_ASSERT_OK(store().Apply(group, SetAcknowledgers{{Uuid('b')}, large}, At(1)));
  group = Loaded();
  EXPECT_TRUE(group.watermark.Contains(large));
  WEFT_ASSERT_OK(store().Apply(group, Commit{Uuid('b'), {}, large}, At(2)));
  group = Loaded();
  EXPECT_EQ(group.history.back().at_start, large);
}

TEST_P(StoreContract, GroupsAreListedInOrderAndByExactName) {
  EXPECT_TRUE(store().ListGroups()->empty());
  for (const char* id : {"b", "B", "a.1", "a-1", "_"}) {
    Group group;
    group.id = id;
    WEFT_ASSERT_OK(store().CreateGroup(group));
  }
  EXPECT_EQ(*store().ListGroups(), (std::vector<std::string>{"B", "_", "a-1", "a.1", "b"}));
  EXPECT_EQ(Outcome(store().Load("A.1")), "NOT_FOUND UNKNOWN_GROUP");
  EXPECT_EQ(Outcome(store().Load("b ")), "NOT_FOUND UNKNOWN_GROUP");
}

TEST_P(StoreContract, ANameIsGivenOnce) {
  const Group before = MakeGroup();
  Group again;
  again.id = "g";
  EXPECT_EQ(Outcome(store().CreateGroup(again)), "ALREADY_EXISTS GROUP_EXISTS");
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, ANewGroupTakesNoServerOfAnother) {
  MakeGroup();
  Group other;
  other.id = "other";
  other.servers = {MakeServer('d', 3304), MakeServer('a', 3305)};
  EXPECT_EQ(Outcome(store().CreateGroup(other)), "ALREADY_EXISTS UUID_TAKEN");
  other.servers = {MakeServer('d', 3301)};
  EXPECT_EQ(Outcome(store().CreateGroup(other)), "ALREADY_EXISTS ADDRESS_TAKEN");
  other.servers = {MakeServer('d', 3304), MakeServer('d', 3305)};
  EXPECT_EQ(Outcome(store().CreateGroup(other)), "ALREADY_EXISTS UUID_TAKEN");
  EXPECT_EQ(*store().ListGroups(), std::vector<std::string>{"g"});
}

TEST_P(StoreContract, NamesThatNoGroupMayHaveAreRefusedAndFindNothing) {
  const Operation operation = MakeOperation("op");
  for (const std::string& id :
       {std::string(65, 'g'), std::string(1000, 'g'), std::string("it's"), std::string(),
        std::string("\xC3\xA9"), std::string("a\0b", 3), std::string("\xff")}) {
    Group group;
    group.id = id;
    EXPECT_TRUE(absl::IsInvalidArgument(store().CreateGroup(group))) << id;
    EXPECT_EQ(Outcome(store().Load(id)), "NOT_FOUND UNKNOWN_GROUP") << id;
    EXPECT_EQ(Outcome(store().UpdateGroup(group)), "NOT_FOUND UNKNOWN_GROUP") << id;
    EXPECT_EQ(Outcome(store().DestroyGroup(id, 1)), "NOT_FOUND UNKNOWN_GROUP") << id;
    EXPECT_EQ(Outcome(store().RemoveServer(id, 1, Uuid('a'))), "NOT_FOUND UNKNOWN_GROUP") << id;
    EXPECT_EQ(Outcome(store().SetIntent(id, 1, {}, operation)), "NOT_FOUND UNKNOWN_GROUP") << id;
    EXPECT_EQ(Outcome(store().Apply(group, SetAcknowledgers{}, At(1))), "NOT_FOUND UNKNOWN_GROUP")
        << id;
    EXPECT_TRUE(store().ListEvents(id.empty() ? "none" : id, 10, 0)->empty()) << id;
  }
  Group longest;
  longest.id = std::string(64, 'g');
  WEFT_EXPECT_OK(store().CreateGroup(longest));
  WEFT_EXPECT_OK(store().Load(longest.id));
}

TEST_P(StoreContract, NothingIsDoneToAGroupThatIsNotThere) {
  Group group = MakeGroup();
  group.id = "other";
  const std::string unknown = "NOT_FOUND UNKNOWN_GROUP";
  EXPECT_EQ(Outcome(store().Load("other")), unknown);
  EXPECT_EQ(Outcome(store().UpdateGroup(group)), unknown);
  EXPECT_EQ(Outcome(store().DestroyGroup("other", 1)), unknown);
  EXPECT_EQ(Outcome(store().AddServer("other", 1, MakeServer('d', 3304))), unknown);
  EXPECT_EQ(Outcome(store().RemoveServer("other", 1, Uuid('a'))), unknown);
  EXPECT_EQ(Outcome(store().UpdateServer("other", 1, Uuid('a'), group.servers[0])), unknown);
  EXPECT_EQ(Outcome(store().SetIntent("other", 1, {}, MakeOperation("op"))), unknown);
  EXPECT_EQ(Outcome(store().EndIntent("other", MakeOperation("op"))), unknown);
  EXPECT_EQ(Outcome(store().Apply(group, Commit{}, At(1))), unknown);
  EXPECT_EQ(Outcome(store().GetOperation("op")), "NOT_FOUND UNKNOWN_OPERATION");
}

TEST_P(StoreContract, AnUpdateWritesItsFieldsAndNoOther) {
  Group group = MakePromotion();
  Group update;
  update.id = "g";
  update.revision = group.revision;
  update.description = kWeird;
  update.active = true;
  update.durability = Durability::kAsync;
  update.acknowledgements = 2;
  update.settings.cool_down = absl::Minutes(1);
  update.settings.unknown = {{"of tomorrow", kWeird}};
  update.last_failover = {7, At(1)};
  WEFT_ASSERT_OK(store().UpdateGroup(update));
  group.description = update.description;
  group.active = true;
  group.durability = Durability::kAsync;
  group.acknowledgements = 2;
  group.settings = update.settings;
  ++group.acknowledgers.version;  // other commits wait now
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
}

TEST_P(StoreContract, AnUpdateOfAnotherRevisionIsRefused) {
  const Group before = MakeGroup();
  for (const uint64_t revision : {before.revision - 1, before.revision + 1}) {
    Group update = before;
    update.revision = revision;
    update.active = true;
    EXPECT_EQ(Outcome(store().UpdateGroup(update)), "ABORTED REVISION_MOVED");
  }
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, EveryUpdateRaisesTheRevisionEvenIfItChangesNothing) {
  const Group group = MakeGroup();
  WEFT_ASSERT_OK(store().UpdateGroup(group));
  EXPECT_EQ(Loaded().revision, group.revision + 1);
  EXPECT_EQ(Outcome(store().UpdateGroup(group)), "ABORTED REVISION_MOVED");
}

TEST_P(StoreContract, OfManyUpdatesOfOneRevisionExactlyOneWins) {
  const Group group = MakeGroup();
  std::atomic<int> winners = 0;
  std::vector<std::thread> writers;
  writers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const std::unique_ptr<Store> writer = Another();
      Group update = group;
      update.description = absl::StrCat("writer ", i);
      const std::string outcome = Outcome(writer->UpdateGroup(update));
      if (outcome == "OK") {
        ++winners;
      } else {
        EXPECT_EQ(outcome, "ABORTED REVISION_MOVED");
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(Loaded().revision, group.revision + 1);
}

TEST_P(StoreContract, AGroupIsDestroyedOnlyWithoutServersAndAsItWasSeen) {
  Group group = MakeGroup();
  EXPECT_EQ(Outcome(store().DestroyGroup("g", group.revision)),
            "FAILED_PRECONDITION GROUP_NOT_EMPTY");
  for (const char letter : {'a', 'b', 'c'}) {
    WEFT_ASSERT_OK(store().RemoveServer("g", group.revision++, Uuid(letter)));
  }
  EXPECT_EQ(Outcome(store().DestroyGroup("g", group.revision - 1)), "ABORTED REVISION_MOVED");
  WEFT_ASSERT_OK(store().DestroyGroup("g", group.revision));
  EXPECT_EQ(Outcome(store().Load("g")), "NOT_FOUND UNKNOWN_GROUP");
  EXPECT_TRUE(store().ListGroups()->empty());
}

TEST_P(StoreContract, AGroupMadeAnewHasNothingOfTheOldOne) {
  Group group = MakeGroup();
  for (const char letter : {'a', 'b', 'c'}) {
    WEFT_ASSERT_OK(store().RemoveServer("g", group.revision++, Uuid(letter)));
  }
  WEFT_ASSERT_OK(store().DestroyGroup("g", group.revision));
  Group again;
  again.id = "g";
  WEFT_ASSERT_OK(store().CreateGroup(again));
  again.revision = 1;
  EXPECT_EQ(Loaded(), again);
}

}  // namespace
}  // namespace weft::controller
