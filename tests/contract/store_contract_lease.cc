// The lease, and the term that every write compares.
#include <atomic>
#include <thread>

#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

TEST_P(StoreContract, TakingTheLeaseRaisesTheTerm) {
  const Lease seen{"first", 1, 1};
  EXPECT_EQ(*store().ReadLease(), seen);
  const absl::StatusOr<Lease> taken = store().TakeLease(seen, "second");
  WEFT_ASSERT_OK(taken);
  EXPECT_EQ(*taken, (Lease{"second", 2, 2}));
  EXPECT_EQ(*store().ReadLease(), *taken);
}

TEST_P(StoreContract, ALeaseIsTakenOnlyAsItWasSeen) {
  const Lease row = *store().ReadLease();
  for (const Lease& stale :
       {Lease{"other", row.term, row.renewal}, Lease{row.holder, row.term + 1, row.renewal},
        Lease{row.holder, row.term, row.renewal + 1}, Lease()}) {
    EXPECT_EQ(Outcome(store().TakeLease(stale, "thief")), "FAILED_PRECONDITION LEASE_MOVED");
    EXPECT_EQ(Outcome(store().RenewLease(stale)), "FAILED_PRECONDITION LEASE_MOVED");
  }
  EXPECT_EQ(*store().ReadLease(), row);
}

TEST_P(StoreContract, ALeaseIsRenewedByItsCounterAlone) {
  Lease held = *store().ReadLease();
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Lease> renewed = store().RenewLease(held);
    WEFT_ASSERT_OK(renewed);
    EXPECT_EQ(*renewed, (Lease{held.holder, held.term, held.renewal + 1}));
    held = *renewed;
  }
  EXPECT_EQ(*store().ReadLease(), held);
}

TEST_P(StoreContract, AHolderWhoseLeaseWasTakenCannotRenewIt) {
  const Lease held = *store().ReadLease();
  WEFT_ASSERT_OK(Another()->TakeLease(held, "second"));
  EXPECT_EQ(Outcome(store().RenewLease(held)), "FAILED_PRECONDITION LEASE_MOVED");
}

TEST_P(StoreContract, AHolderMayGiveTheLeaseUp) {
  const absl::StatusOr<Lease> given = store().TakeLease(*store().ReadLease(), "");
  WEFT_ASSERT_OK(given);
  EXPECT_EQ(given->holder, "");
  WEFT_EXPECT_OK(Another()->TakeLease(*given, "second"));
}

TEST_P(StoreContract, OfManyChallengersExactlyOneWins) {
  const Lease seen = *store().ReadLease();
  std::atomic<int> winners = 0;
  std::vector<std::thread> challengers;
  for (int i = 0; i < 8; ++i) {
    challengers.emplace_back([&, i] {
      const std::unique_ptr<Store> challenger = Another();
      const std::string outcome = Outcome(challenger->TakeLease(seen, std::string(1, 'a' + i)));
      if (outcome == "OK") {
        ++winners;
      } else {
        EXPECT_EQ(outcome, "FAILED_PRECONDITION LEASE_MOVED");
      }
    });
  }
  for (std::thread& challenger : challengers) challenger.join();
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(store().ReadLease()->term, seen.term + 1);
}

// Every write there is, made by a store that believes in another term.
std::vector<std::string> OutcomesOfAllWrites(Store& store, const Group& group) {
  Group other = group;
  other.id = "new";
  other.servers.clear();
  const Intent intent;
  const Operation operation = MakeOperation("op2");
  return {Outcome(store.CreateGroup(other)),
          Outcome(store.DestroyGroup("g", group.revision)),
          Outcome(store.UpdateGroup(group)),
          Outcome(store.AddServer("g", group.revision, MakeServer('d', 3304))),
          Outcome(store.RemoveServer("g", group.revision, Uuid('b'))),
          Outcome(store.UpdateServer("g", group.revision, Uuid('b'), group.servers[1])),
          Outcome(store.SetIntent("g", group.revision, intent, operation)),
          Outcome(store.EndIntent("g", MakeOperation("op"))),
          Outcome(store.Apply(group, Commit{Uuid('b'), {}, {}}, At(1))),
          Outcome(store.Apply(group, SetAcknowledgers{}, At(1))),
          Outcome(store.Apply(group, SetStatus{Uuid('b'), ServerStatus::kSpare}, At(1))),
          Outcome(store.Apply(group, BeginSwitchover{Uuid('c')}, At(1))),
          Outcome(store.Apply(group, GiveUp{"REASON", "message"}, At(1))),
          Outcome(store.CreateOperation(operation)),
          Outcome(store.UpdateOperation(MakeOperation("op"))),
          Outcome(store.RequestCancel("op")),
          Outcome(store.AppendEvent({.text = "an event"})),
          Outcome(store.CreateUser({.name = "jane"})),
          Outcome(store.UpdateUser({.name = "jane"})),
          Outcome(store.DeleteUser("jane", 1)),
          Outcome(store.SetUserKey(std::string(32, 'k')))};
}

TEST_P(StoreContract, NoWriteOfAnotherTermTakesEffect) {
  const Group before = MakePromotion();
  for (const uint64_t term : {0, 2}) {
    const std::unique_ptr<Store> stranger = Another(term);
    for (const std::string& outcome : OutcomesOfAllWrites(*stranger, before)) {
      EXPECT_EQ(outcome, "ABORTED TERM_MOVED");
    }
  }
  EXPECT_EQ(Loaded(), before);
  EXPECT_EQ(*store().ListGroups(), std::vector<std::string>{"g"});
  EXPECT_EQ(*store().GetOperation("op"), MakeOperation("op"));
  EXPECT_EQ(Outcome(store().GetOperation("op2")), "NOT_FOUND UNKNOWN_OPERATION");
  EXPECT_TRUE(store().ListEvents("", 10, 0)->empty());
}

TEST_P(StoreContract, ATakeOverEndsTheWritesOfTheTermBefore) {
  const Group group = MakeGroup();
  WEFT_ASSERT_OK(Another()->TakeLease(*store().ReadLease(), "second"));
  EXPECT_EQ(Outcome(store().UpdateGroup(group)), "ABORTED TERM_MOVED");
  store().SetTerm(2);
  WEFT_EXPECT_OK(store().UpdateGroup(group));
}

}  // namespace
}  // namespace weft::controller
