#include "tests/contract/store_contract.h"

namespace weft::controller {

void StoreContract::Begin(const StoreLimits& limits) {
  harness_ = GetParam().make(limits);
  ASSERT_NE(harness_, nullptr);
  store_ = harness_->Open();
  ASSERT_NE(store_, nullptr);
  WEFT_ASSERT_OK(store_->TakeLease(Lease(), "first"));
  store_->SetTerm(1);
}

std::unique_ptr<Store> StoreContract::Another(uint64_t term) {
  std::unique_ptr<Store> another = harness_->Open();
  another->SetTerm(term);
  return another;
}

Group StoreContract::Loaded(const std::string& id) {
  const absl::StatusOr<Group> group = store_->Load(id);
  EXPECT_EQ(Outcome(group), "OK");
  return group.value_or(Group());
}

Group StoreContract::MakeGroup() {
  Group group;
  group.id = "g";
  group.description = "made for a test";
  group.epoch = 1;
  group.primary = Uuid('a');
  group.acknowledgers = {3, {Uuid('b'), Uuid('c')}};
  group.watermark = Gtids("aaaaaaaa-0000-0000-0000-000000000000:1-10");
  group.history = {{1, Uuid('a'), Gtids("aaaaaaaa-0000-0000-0000-000000000000:1-5"), At(1)}};
  group.servers = {MakeServer('a', 3301), MakeServer('b', 3302), MakeServer('c', 3303)};
  group.servers[0].status = ServerStatus::kPrimary;
  group.servers[0].mode = ServerMode::kReadWrite;
  EXPECT_EQ(Outcome(store_->CreateGroup(group)), "OK");
  return Loaded();
}

Group StoreContract::MakePromotion() {
  const Group group = MakeGroup();
  Intent intent;
  intent.goal = Goal::kPromote;
  intent.target = Uuid('b');
  intent.operation = "op";
  EXPECT_EQ(Outcome(store_->SetIntent("g", group.revision, intent, MakeOperation("op"))), "OK");
  return Loaded();
}

}  // namespace weft::controller
