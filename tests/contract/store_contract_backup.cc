// Backup and restore: everything of one instant, and what a restore makes of it.
#include "services/controller/ports/inventory_rows.h"
#include "services/controller/ports/restored.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

User Ann() {
  User user;
  user.name = "ann";
  user.verifier = "scrypt$of$ann";
  user.roles = {"connector", "monitor"};
  return user;
}

TEST_P(StoreContract, ABackupHoldsWhatTheStoreHolds) {
  const Group group = MakePromotion();
  WEFT_ASSERT_OK(store().SetFailoverSwitch({false, "moving", "ann", At(3)}));
  WEFT_ASSERT_OK(store().CreateUser(Ann()));
  const absl::StatusOr<StoreImage> image = store().BackUp(At(9));
  WEFT_ASSERT_OK(image);
  EXPECT_EQ(image->taken, At(9));
  EXPECT_EQ(image->lease.term, 1u);
  ASSERT_EQ(image->groups.size(), 1u);
  EXPECT_EQ(image->groups[0], Loaded());
  ASSERT_EQ(image->operations.size(), 1u);
  EXPECT_EQ(image->operations[0].id, "op");
  EXPECT_EQ(image->users, **store().LoadUsers(0));
  EXPECT_FALSE(image->failover.enabled);
}

TEST_P(StoreContract, OfEndedOperationsABackupHoldsTheNewest) {
  for (size_t i = 0; i < kImageOperations + 3; ++i) {
    Operation operation = MakeOperation("op" + std::to_string(i));
    operation.state = i == 1 ? OperationState::kRunning : OperationState::kSucceeded;
    WEFT_ASSERT_OK(store().CreateOperation(operation));
  }
  const StoreImage image = *store().BackUp(At(9));
  ASSERT_EQ(image.operations.size(), kImageOperations + 1);
  EXPECT_EQ(image.operations[0].id, "op1");
  EXPECT_EQ(image.operations[1].id, "op3");
}

TEST_P(StoreContract, ARestoreIsWhatRestoredMakesOfTheBackup) {
  MakePromotion();
  WEFT_ASSERT_OK(store().SetFailoverSwitch({false, "moving", "ann", At(3)}));
  WEFT_ASSERT_OK(store().CreateUser(Ann()));
  const StoreImage backup = *store().BackUp(At(9));
  // What came after it is gone afterwards.
  Group other;
  other.id = "h";
  WEFT_ASSERT_OK(store().CreateGroup(other));
  WEFT_ASSERT_OK(store().SetFailoverSwitch({true, "", "", At(4)}));
  const StoreImage present = *store().BackUp(At(10));
  WEFT_ASSERT_OK(store().Restore(backup, /*surrender=*/true, At(11)));

  StoreImage expected = Restored(backup, present, At(11));
  expected.taken = At(12);
  const StoreImage found = *store().BackUp(At(12));
  ASSERT_EQ(found.groups.size(), 1u);
  EXPECT_EQ(found.groups[0], expected.groups[0]);
  EXPECT_TRUE(found.groups[0].restored);
  EXPECT_EQ(found.operations, expected.operations);
  EXPECT_EQ(found.users, expected.users);
  EXPECT_EQ(found.failover, expected.failover);
  EXPECT_EQ(found.incarnation, 1u);
  EXPECT_EQ(found.lease.term, expected.lease.term);
  EXPECT_EQ(store().Schema()->incarnation, 1u);
}

InventoryImage Machines(const std::string& machine, const std::string& host) {
  return {{"provider", {RowOf("provider", {{"id", "p"}, {"password", "sealed"}})}},
          {"machine",
           {RowOf("machine", {{"uuid", machine}, {"host", host}, {"detail", "it's \"quoted\""}})}},
          {"machine_snapshot",
           {RowOf("machine_snapshot",
                  {{"name", "of " + machine}, {"bytes", "18446744073709551615"}})}}};
}

TEST_P(StoreContract, MachinesAreRestoredBesideThoseThatTheStoreHas) {
  MakeGroup();
  StoreImage first = *store().BackUp(At(9));
  EXPECT_EQ(first.inventory, InventoryImage());
  StoreImage second = first;
  first.inventory = Machines("a", "one");
  WEFT_ASSERT_OK(store().Restore(first, true, At(10)));
  const auto lead = [&] { store().SetTerm(store().TakeLease(*store().ReadLease(), "me")->term); };
  lead();
  second.inventory = Machines("b", "two");
  WEFT_ASSERT_OK(store().Restore(second, true, At(11)));
  EXPECT_EQ(store().BackUp(At(12))->inventory, Merged(second.inventory, first.inventory));
  // Of what is known in both the store's is kept.
  lead();
  first.inventory = Machines("a", "another");
  WEFT_ASSERT_OK(store().Restore(first, true, At(13)));
  EXPECT_EQ(store().BackUp(At(14))->inventory.at("machine").at(0).at("host"), "one");
  lead();
  first.inventory["machine"].at(0).erase("host");
  EXPECT_EQ(Outcome(store().Restore(first, true, At(15))), "INVALID_ARGUMENT BAD_INVENTORY_ROW");
}

TEST_P(StoreContract, OnlyAStoreWithoutGroupsOrOneThatIsSurrenderedIsReplaced) {
  const Group group = MakeGroup();
  const StoreImage backup = *store().BackUp(At(9));
  EXPECT_EQ(Outcome(store().Restore(backup, false, At(10))), "FAILED_PRECONDITION STORE_NOT_EMPTY");
  EXPECT_EQ(Loaded(), group);
}

TEST_P(StoreContract, ARestoreEndsTheTermItWasDoneUnder) {
  MakeGroup();
  const StoreImage backup = *store().BackUp(At(9));
  EXPECT_EQ(Outcome(Another(7)->Restore(backup, true, At(10))), "ABORTED TERM_MOVED");
  const Lease before = *store().ReadLease();
  WEFT_ASSERT_OK(store().Restore(backup, true, At(10)));
  EXPECT_EQ(Outcome(store().AppendEvent({.when = At(11), .text = "late"})), "ABORTED TERM_MOVED");
  EXPECT_EQ(Outcome(store().RenewLease(before)), "FAILED_PRECONDITION LEASE_MOVED");
  const Lease after = *store().ReadLease();
  EXPECT_EQ(after.holder, "");
  WEFT_EXPECT_OK(store().TakeLease(after, "next"));
}

TEST_P(StoreContract, ACommitConfirmsARestoredGroup) {
  MakeGroup();
  WEFT_ASSERT_OK(store().Restore(*store().BackUp(At(9)), true, At(10)));
  Lease lease = *store().ReadLease();
  lease = *store().TakeLease(lease, "next");
  store().SetTerm(lease.term);
  const Group group = Loaded();
  EXPECT_TRUE(group.restored);
  EXPECT_EQ(group.history.back().number, group.epoch);
  WEFT_ASSERT_OK(store().Apply(
      group, Commit{Uuid('b'), {Uuid('c')}, Gtids("aaaaaaaa-0000-0000-0000-000000000000:1-9")},
      At(11)));
  EXPECT_FALSE(Loaded().restored);
  EXPECT_EQ(Loaded().epoch, group.epoch + 1);
  EXPECT_EQ(Loaded().primary, Uuid('b'));
  EXPECT_EQ(Loaded().history.back().number, group.epoch + 1);
}

}  // namespace
}  // namespace weft::controller
