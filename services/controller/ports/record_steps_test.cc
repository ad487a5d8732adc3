#include "services/controller/ports/record_steps.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

ServerUuid Uuid(char letter) {
  return *ServerUuid::Parse(absl::StrCat(std::string(8, letter), "-0000-0000-0000-000000000000"));
}

GtidSet Executed(char letter, int last) {
  return *GtidSet::Parse(absl::StrCat(Uuid(letter).text(), ":1-", last));
}

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Primary a, secondaries b and c, promotion of b pending.
Group MakeGroup() {
  Group group;
  group.id = "g";
  group.epoch = 4;
  group.primary = Uuid('a');
  group.acknowledgers = {7, {Uuid('b')}};
  group.watermark = Executed('a', 10);
  group.intent.goal = Goal::kPromote;
  group.intent.operation = "op";
  group.revision = 9;
  for (const char letter : {'a', 'b', 'c'}) {
    Server server;
    server.uuid = Uuid(letter);
    group.servers.push_back(server);
  }
  group.Find(Uuid('a'))->status = ServerStatus::kPrimary;
  group.Find(Uuid('a'))->mode = ServerMode::kReadWrite;
  return group;
}

Group After(const Step& step) {
  Group group = MakeGroup();
  const absl::Status status = ApplyRecordStep(group, step, kNow, &group);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(group.revision, 10u);
  return group;
}

TEST(RecordStepsTest, ACommitBeginsAnEpochOfTheWinner) {
  const Group group =
      After(Commit{Uuid('b'), {Uuid('c')}, Executed('b', 3), ServerStatus::kFaulty});
  EXPECT_EQ(group.epoch, 5u);
  EXPECT_EQ(group.primary, Uuid('b'));
  EXPECT_EQ(group.acknowledgers, (Acknowledgers{8, {Uuid('c')}}));
  EXPECT_EQ(group.watermark, Executed('a', 10).Union(Executed('b', 3)));
  EXPECT_EQ(group.intent.target, Uuid('b'));
  EXPECT_EQ(group.Find(Uuid('b'))->status, ServerStatus::kPrimary);
  EXPECT_EQ(group.Find(Uuid('b'))->mode, ServerMode::kReadWrite);
  EXPECT_EQ(group.Find(Uuid('a'))->status, ServerStatus::kFaulty);
  EXPECT_EQ(group.Find(Uuid('a'))->mode, ServerMode::kOffline);
}

// What the winner lacks of the watermark was lost: whoever still has it is errant.
TEST(RecordStepsTest, AReignBeginsWithWhatTheWinnerHadAndNoMore) {
  const Group group = After(Commit{Uuid('b'), {}, Executed('b', 3)});
  EXPECT_EQ(group.history.back(), (Epoch{5, Uuid('b'), Executed('b', 3), kNow}));
}

TEST(RecordStepsTest, AWinnerIsNoLongerSetAside) {
  Group group = MakeGroup();
  group.Find(Uuid('b'))->set_aside = "why";
  group.Find(Uuid('b'))->errant = "which";
  ASSERT_TRUE(ApplyRecordStep(group, Commit{Uuid('b'), {}, {}}, kNow, &group).ok());
  EXPECT_EQ(group.Find(Uuid('b'))->set_aside, "");
  EXPECT_EQ(group.Find(Uuid('b'))->errant, "");
}

TEST(RecordStepsTest, ACommitOfThePrimaryItselfKeepsItThePrimary) {
  const Group group = After(Commit{Uuid('a'), {}, {}, ServerStatus::kFaulty});
  EXPECT_EQ(group.epoch, 5u);
  EXPECT_EQ(group.Find(Uuid('a'))->status, ServerStatus::kPrimary);
}

TEST(RecordStepsTest, ACommitWithoutPrimaryLeavesNone) {
  const Group group = After(Commit{ServerUuid(), {}, {}, ServerStatus::kSecondary});
  EXPECT_TRUE(group.primary.empty());
  EXPECT_EQ(group.Find(Uuid('a'))->status, ServerStatus::kSecondary);
  EXPECT_EQ(group.Find(Uuid('a'))->mode, ServerMode::kReadOnly);
}

TEST(RecordStepsTest, ACommitTouchesTheTargetOfAPromotionAlone) {
  Group group = MakeGroup();
  group.intent = Intent();
  ASSERT_TRUE(ApplyRecordStep(group, Commit{Uuid('b'), {}, {}}, kNow, &group).ok());
  EXPECT_EQ(group.intent, Intent());
}

TEST(RecordStepsTest, ASetOfAcknowledgersOnlyRaisesTheWatermark) {
  const Group group = After(SetAcknowledgers{{Uuid('c')}, Executed('b', 2)});
  EXPECT_EQ(group.epoch, 4u);
  EXPECT_EQ(group.acknowledgers, (Acknowledgers{8, {Uuid('c')}}));
  EXPECT_EQ(group.watermark, Executed('a', 10).Union(Executed('b', 2)));
  EXPECT_TRUE(group.history.empty());
}

TEST(RecordStepsTest, ASwitchoverIsBegunAndGivenUpInTheIntent) {
  const Group begun = After(BeginSwitchover{Uuid('c')});
  EXPECT_EQ(begun.intent.target, Uuid('c'));
  EXPECT_TRUE(begun.intent.reopen);
  const Group given_up = After(GiveUp{"REASON", "in words"});
  EXPECT_EQ(given_up.intent.given_up, "REASON");
  EXPECT_EQ(given_up.intent.given_up_message, "in words");
}

TEST(RecordStepsTest, NothingIsDoneToARecordThatMoved) {
  const Group seen = MakeGroup();
  Group group = seen;
  ++group.epoch;
  const Group before = group;
  EXPECT_EQ(ErrorReason(ApplyRecordStep(seen, Commit{Uuid('b'), {}, {}}, kNow, &group)),
            "EPOCH_MOVED");
  EXPECT_EQ(group, before);
  group = seen;
  ++group.acknowledgers.version;
  EXPECT_EQ(ErrorReason(ApplyRecordStep(seen, SetStatus{Uuid('b')}, kNow, &group)),
            "ACKNOWLEDGERS_MOVED");
  group = seen;
  EXPECT_EQ(ErrorReason(ApplyRecordStep(seen, Commit{Uuid('d'), {}, {}}, kNow, &group)),
            "UNKNOWN_SERVER");
  EXPECT_EQ(group, seen);
}

}  // namespace
}  // namespace weft::controller
