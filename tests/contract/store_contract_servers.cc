// Servers: one uuid and one address each, written under their group's revision.
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

TEST_P(StoreContract, AServerIsAddedWholeAndInTheOrderOfUuids) {
  Group group = MakeGroup();
  Server added = MakeServer('0', 3306);
  added.address.host = "db's.example";
  added.status = ServerStatus::kSpare;
  added.mode = ServerMode::kOffline;
  added.weight = 0.25;
  added.promotion_rule = PromotionRule::kMustNot;
  added.zone = "north";
  added.set_aside = "why";
  added.errant = "bbbbbbbb-0000-0000-0000-000000000000:1";
  WEFT_ASSERT_OK(store().AddServer("g", group.revision, added));
  group.servers.insert(group.servers.begin(), added);
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
  EXPECT_EQ(*store().FindServer(added.uuid), added);
}

TEST_P(StoreContract, AnAddedServerBelongsToTheGroupItIsAddedTo) {
  const Group group = MakeGroup();
  Server added = MakeServer('d', 3304);
  added.group = "another";
  WEFT_ASSERT_OK(store().AddServer("g", group.revision, added));
  EXPECT_EQ(store().FindServer(added.uuid)->group, "g");
}

TEST_P(StoreContract, AUuidOrAddressIsInOneGroupOnly) {
  MakeGroup();
  Group other;
  other.id = "other";
  WEFT_ASSERT_OK(store().CreateGroup(other));
  EXPECT_EQ(Outcome(store().AddServer("other", 1, MakeServer('a', 3304))),
            "ALREADY_EXISTS UUID_TAKEN");
  EXPECT_EQ(Outcome(store().AddServer("other", 1, MakeServer('d', 3301))),
            "ALREADY_EXISTS ADDRESS_TAKEN");
  EXPECT_TRUE(Loaded("other").servers.empty());
  EXPECT_EQ(Loaded("other").revision, 1u);
}

TEST_P(StoreContract, AServerIsAddedRemovedAndUpdatedOnlyAsTheGroupWasSeen) {
  const Group before = MakeGroup();
  const uint64_t stale = before.revision - 1;
  const std::string moved = "ABORTED REVISION_MOVED";
  EXPECT_EQ(Outcome(store().AddServer("g", stale, MakeServer('d', 3304))), moved);
  EXPECT_EQ(Outcome(store().RemoveServer("g", stale, Uuid('c'))), moved);
  EXPECT_EQ(Outcome(store().UpdateServer("g", stale, Uuid('c'), MakeServer('c', 3399))), moved);
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, ARemovedServerIsGoneAndMayComeBack) {
  Group group = MakeGroup();
  WEFT_ASSERT_OK(store().RemoveServer("g", group.revision, Uuid('c')));
  const Server removed = group.servers.back();
  group.servers.pop_back();
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
  EXPECT_EQ(Outcome(store().FindServer(Uuid('c'))), "NOT_FOUND UNKNOWN_SERVER");
  WEFT_EXPECT_OK(store().AddServer("g", group.revision, removed));
}

TEST_P(StoreContract, AServerOfAnotherGroupIsNotThere) {
  const Group before = MakeGroup();
  Group other;
  other.id = "other";
  WEFT_ASSERT_OK(store().CreateGroup(other));
  const std::string unknown = "NOT_FOUND UNKNOWN_SERVER";
  EXPECT_EQ(Outcome(store().RemoveServer("other", 1, Uuid('a'))), unknown);
  EXPECT_EQ(Outcome(store().UpdateServer("other", 1, Uuid('a'), before.servers[0])), unknown);
  EXPECT_EQ(Outcome(store().RemoveServer("g", before.revision, Uuid('d'))), unknown);
  EXPECT_EQ(Outcome(store().RemoveServer("g", before.revision, ServerUuid())), unknown);
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, AServersUpdateWritesEveryField) {
  Group group = MakeGroup();
  Server& server = group.servers[1];
  server.address = {"::1", 3399};
  server.status = ServerStatus::kFaulty;
  server.mode = ServerMode::kOffline;
  server.weight = 0.7;
  server.promotion_rule = PromotionRule::kPrefer;
  server.zone = "south.2";
  server.set_aside = "errant";
  server.errant = "aaaaaaaa-0000-0000-0000-000000000000:6";
  WEFT_ASSERT_OK(store().UpdateServer("g", group.revision, server.uuid, server));
  ++group.revision;
  EXPECT_EQ(Loaded(), group);
}

TEST_P(StoreContract, AnUpdateMayGiveAServerANewUuid) {
  const Group group = MakeGroup();
  Server cloned = group.servers[0];
  cloned.uuid = Uuid('f');
  WEFT_ASSERT_OK(store().UpdateServer("g", group.revision, Uuid('a'), cloned));
  EXPECT_EQ(Outcome(store().FindServer(Uuid('a'))), "NOT_FOUND UNKNOWN_SERVER");
  EXPECT_EQ(*store().FindServer(Uuid('f')), cloned);
  EXPECT_EQ(Loaded().servers.back(), cloned);
}

TEST_P(StoreContract, AnUpdateTakesNeitherUuidNorAddressOfAnother) {
  const Group before = MakeGroup();
  Server update = before.servers[0];
  update.uuid = Uuid('b');
  EXPECT_EQ(Outcome(store().UpdateServer("g", before.revision, Uuid('a'), update)),
            "ALREADY_EXISTS UUID_TAKEN");
  update = before.servers[0];
  update.address = before.servers[1].address;
  EXPECT_EQ(Outcome(store().UpdateServer("g", before.revision, Uuid('a'), update)),
            "ALREADY_EXISTS ADDRESS_TAKEN");
  EXPECT_EQ(Loaded(), before);
}

TEST_P(StoreContract, AServerIsFoundInWhateverGroup) {
  const Group group = MakeGroup();
  EXPECT_EQ(*store().FindServer(Uuid('b')), group.servers[1]);
  EXPECT_EQ(Outcome(store().FindServer(Uuid('d'))), "NOT_FOUND UNKNOWN_SERVER");
  EXPECT_EQ(Outcome(store().FindServer(ServerUuid())), "NOT_FOUND UNKNOWN_SERVER");
}

TEST_P(StoreContract, AnAddressThatNoStoreKeepsIsRefused) {
  const Group before = MakeGroup();
  Server server = MakeServer('d', 3304);
  server.address.host = std::string(256, 'h');
  EXPECT_TRUE(absl::IsInvalidArgument(store().AddServer("g", before.revision, server)));
  server.address.host = "";
  EXPECT_TRUE(absl::IsInvalidArgument(store().AddServer("g", before.revision, server)));
  server = MakeServer('d', 3304);
  server.uuid = ServerUuid();
  EXPECT_TRUE(absl::IsInvalidArgument(store().AddServer("g", before.revision, server)));
  server = MakeServer('d', 3304);
  server.zone = "a place";
  EXPECT_TRUE(absl::IsInvalidArgument(store().AddServer("g", before.revision, server)));
  EXPECT_EQ(Loaded(), before);
}

}  // namespace
}  // namespace weft::controller
