#include "services/controller/ports/restored.h"

#include "gtest/gtest.h"

namespace weft::controller {
namespace {

const absl::Time kTaken = absl::UnixEpoch() + absl::Hours(400'000);

ServerUuid A() { return *ServerUuid::Parse("aaaaaaaa-0000-0000-0000-000000000000"); }

StoreImage Backup() {
  StoreImage image;
  image.taken = kTaken;
  image.lease = {"one", 3, 70};
  Group group;
  group.id = "g";
  group.epoch = 7;
  group.revision = 30;
  group.acknowledgers.version = 12;
  group.history = {Epoch{.number = 6, .primary = {}, .at_start = {}, .started = kTaken},
                   Epoch{.number = 7, .primary = A(), .at_start = {}, .started = kTaken}};
  group.primary = A();
  group.intent = {.goal = Goal::kPromote, .target = {}, .failover = true, .operation = "op"};
  group.last_failover = {7, kTaken};
  image.groups = {group};
  Operation running;
  running.id = "op";
  image.operations = {running};
  User user;
  user.name = "ann";
  user.roles = {"connector"};
  image.users.users = {{"ann", user}};
  image.users.version = 5;
  return image;
}

TEST(RestoredTest, EveryCounterIsGreaterThanAnyThatCanHaveBeenGivenOut) {
  const absl::Time later = kTaken + absl::Hours(48);
  StoreImage present = Backup();
  present.groups[0].revision = 3'000'000'000;
  present.lease.term = 90'000;
  const StoreImage restored = Restored(Backup(), present, later);
  const Group& group = restored.groups.at(0);
  EXPECT_GT(group.epoch, 3'000'000'000u);
  EXPECT_GT(group.revision, 3'000'000'000u);
  EXPECT_GT(group.acknowledgers.version, 3'000'000'000u);
  EXPECT_EQ(restored.lease.term, 90'001u);
  EXPECT_EQ(restored.lease.holder, "");
  EXPECT_EQ(restored.incarnation, 1u);
  EXPECT_GT(restored.users.version, static_cast<uint64_t>(absl::ToUnixMillis(later)));
}

TEST(RestoredTest, NoMachineThatIsListedNowIsForgotten) {
  StoreImage present = Backup();
  present.inventory["machine"] = {{{"uuid", "m"}}};
  EXPECT_EQ(Restored(Backup(), present, kTaken).inventory, present.inventory);
}

TEST(RestoredTest, WhereTheStoreWasLostALaterRestoreOfTheSameIsGreaterThanAnEarlier) {
  const StoreImage lost;
  const StoreImage first = Restored(Backup(), lost, kTaken + absl::Hours(1));
  const StoreImage second = Restored(Backup(), lost, kTaken + absl::Hours(2));
  // Ten changes of primary in each second between them.
  EXPECT_GT(second.groups[0].epoch, first.groups[0].epoch + 36'000);
  EXPECT_GT(second.lease.term, first.lease.term + 50);
}

TEST(RestoredTest, AClockThatWentBackLowersNothing) {
  const StoreImage restored = Restored(Backup(), StoreImage(), kTaken - absl::Hours(9));
  EXPECT_GT(restored.groups[0].epoch, 1'000'000u);
}

TEST(RestoredTest, TheHistoryStaysWhatItWasAndEndsWithTheEpoch) {
  const Group group = Restored(Backup(), Backup(), kTaken).groups.at(0);
  ASSERT_EQ(group.history.size(), 2u);
  EXPECT_EQ(group.history[1].number, group.epoch);
  EXPECT_EQ(group.history[0].number, group.epoch - 1);
  EXPECT_EQ(group.last_failover.epoch, group.epoch);
}

TEST(RestoredTest, NothingIsPendingAndWhatEverHadAPrimaryIsToBeConfirmed) {
  StoreImage backup = Backup();
  backup.groups.push_back(Group());
  backup.groups[1].id = "new";
  const StoreImage restored = Restored(backup, StoreImage(), kTaken);
  EXPECT_TRUE(restored.groups[0].restored);
  EXPECT_EQ(restored.groups[0].intent, Intent());
  EXPECT_FALSE(restored.groups[1].restored);
  EXPECT_EQ(restored.groups[1].epoch, 0u);
  EXPECT_EQ(restored.operations.at(0).state, OperationState::kFailed);
  EXPECT_EQ(restored.operations.at(0).error_reason, "RESTORED");
}

TEST(RestoredTest, SecretsAreThoseThatTheStoreHasNow) {
  StoreImage present;
  present.users.key = "the key";
  User ann;
  ann.name = "ann";
  ann.verifier = "scrypt";
  present.users.users = {{"ann", ann}};
  const StoreImage restored = Restored(Backup(), present, kTaken);
  EXPECT_EQ(restored.users.key, "the key");
  EXPECT_EQ(restored.users.users.at("ann").verifier, "scrypt");
  EXPECT_EQ(restored.users.users.at("ann").roles, (std::set<std::string>{"connector"}));
  EXPECT_EQ(Restored(Backup(), StoreImage(), kTaken).users.users.at("ann").verifier, "");
}

}  // namespace
}  // namespace weft::controller
