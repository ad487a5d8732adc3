// MysqlInventory keeps the promises of Inventory on a real server.
#include <memory>

#include "common/base/clock.h"
#include "services/controller/mysql/store.h"
#include "services/provisioner/mysql/inventory.h"
#include "tests/contract/inventory_contract.h"
#include "tests/contract/store_server.h"

namespace weft::provisioner {
namespace {

using controller::MysqlStore;
using controller::MysqlStoreOptions;
using controller::StoreServer;

// Making the tables takes a second: the tests share them, each begins with empty ones.
const MysqlStoreOptions& SharedStore() {
  static const MysqlStoreOptions options = [] {
    const MysqlStoreOptions made = StoreServer::Shared().NewStore();
    EXPECT_TRUE(MysqlStore(made).SetUp().ok());
    return made;
  }();
  return options;
}

class MysqlUnderTest : public InventoryUnderTest {
 public:
  MysqlUnderTest() : inventory_(Options()), another_(Options()) {
    StoreServer::Shared().Empty(SharedStore());
  }

  Inventory& inventory() override { return inventory_; }
  Inventory& another() override { return another_; }
  void LoseClaims() override { StoreServer::Shared().LoseClaims(SharedStore()); }

 private:
  static MysqlInventory::Options Options() {
    const MysqlStoreOptions& store = SharedStore();
    MysqlInventory::Options options;
    options.connect = store.connect;
    options.database = store.database;
    options.members = {{store.connect.host, static_cast<uint16_t>(store.connect.port)}};
    options.clock = RealClock::Get();
    return options;
  }

  MysqlInventory inventory_;
  MysqlInventory another_;
};

INSTANTIATE_TEST_SUITE_P(Mysql, InventoryContract,
                         ::testing::Values(InventoryMaker{
                             "Mysql", [] { return std::make_unique<MysqlUnderTest>(); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weft::provisioner
