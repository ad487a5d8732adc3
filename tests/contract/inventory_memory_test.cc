// MemoryInventory keeps the promises of Inventory.
#include <memory>

#include "services/provisioner/ports/memory_inventory.h"
#include "tests/contract/inventory_contract.h"

namespace weft::provisioner {
namespace {

class MemoryUnderTest : public InventoryUnderTest {
 public:
  Inventory& inventory() override { return inventory_; }
  Inventory& another() override { return inventory_; }
  void LoseClaims() override { inventory_.LoseClaims(); }

 private:
  MemoryInventory inventory_;
};

INSTANTIATE_TEST_SUITE_P(Memory, InventoryContract,
                         ::testing::Values(InventoryMaker{
                             "Memory", [] { return std::make_unique<MemoryUnderTest>(); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weft::provisioner
