// MysqlStore keeps the promises of Store on a real server.
#include <memory>

#include "services/controller/mysql/store.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/store_server.h"

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

INSTANTIATE_TEST_SUITE_P(
    Mysql, StoreContract,
    ::testing::Values(StoreKind{
        "Mysql", [](const StoreLimits& limits) { return std::make_unique<MysqlHarness>(limits); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weft::controller
