// MysqlStore keeps the promises of Store on a real server.
#include <memory>

#include "common/base/error_details.h"
#include "services/controller/mysql/store.h"
#include "services/controller/ports/inventory_rows.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/store_server.h"
#include "tests/contract/store_values.h"

namespace weft::controller {
namespace {

// Making the tables takes a second: the tests share them, each begins with empty ones.
const MysqlStoreOptions& SharedStore() {
  static const MysqlStoreOptions options = [] {
    const MysqlStoreOptions made = StoreServer::Shared().NewStore();
    EXPECT_EQ(Outcome(MysqlStore(made).SetUp()), "OK");
    return made;
  }();
  return options;
}

class MysqlHarness : public StoreHarness {
 public:
  explicit MysqlHarness(const StoreLimits& limits) : options_(SharedStore()) {
    options_.keep_operations = limits.keep_operations;
    options_.keep_events = limits.keep_events;
    // The contract looks after each write.
    if (limits.keep_operations < StoreLimits().keep_operations ||
        limits.keep_events < StoreLimits().keep_events) {
      options_.prune_every = 1;
    }
    StoreServer::Shared().Empty(options_);
  }

  std::unique_ptr<Store> Open() override { return std::make_unique<MysqlStore>(options_); }

 private:
  MysqlStoreOptions options_;
};

// What only a server knows to refuse: values.
TEST(MysqlStoreTest, OfABackupWithAValueThatAColumnDoesNotHoldNothingIsRestored) {
  MysqlHarness harness{StoreLimits()};
  const std::unique_ptr<Store> store = harness.Open();
  store->SetTerm(store->TakeLease(*store->ReadLease(), "me")->term);
  StoreImage image = *store->BackUp(At(1));
  Group group;
  group.id = "g";
  image.groups.push_back(group);
  image.inventory["provider"] = {RowOf("provider", {{"id", "p"}, {"extra", "{"}})};
  const absl::Status refused = store->Restore(image, false, At(2));
  EXPECT_EQ(Outcome(refused), "INVALID_ARGUMENT BAD_INVENTORY_ROW");
  EXPECT_EQ(GetErrorDetail(refused)->found, "id p");
  EXPECT_EQ(store->ListGroups()->size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Mysql, StoreContract,
    ::testing::Values(StoreKind{
        "Mysql", [](const StoreLimits& limits) { return std::make_unique<MysqlHarness>(limits); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weft::controller
