#include "services/controller/ports/inventory_image.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/ports/inventory_rows.h"

namespace weft::controller {
namespace {

InventoryRow Snapshot(const std::string& name, const std::string& native) {
  return RowOf("machine_snapshot", {{"name", name}, {"native_id", native}});
}

// Beside the provider of all of them.
std::string OutcomeOf(const InventoryRow& snapshot) {
  return ErrorReason(CheckStorable(
      {{"provider", {RowOf("provider", {{"id", "p"}})}}, {"machine_snapshot", {snapshot}}}));
}

TEST(InventoryImageTest, WhatIsNotedNowStaysAndWhatOnlyABackupHasIsAdded) {
  const InventoryImage backup = {{"machine_snapshot", {Snapshot("a", "old"), Snapshot("b", "old")}},
                                 {"provider", {}}};
  const InventoryImage present = {
      {"machine_snapshot", {Snapshot("b", "new"), Snapshot("c", "new")}}};
  const InventoryImage merged = Merged(backup, present);
  EXPECT_EQ(merged.at("machine_snapshot"),
            (std::vector<InventoryRow>{Snapshot("a", "old"), Snapshot("b", "new"),
                                       Snapshot("c", "new")}));
  EXPECT_EQ(Merged(backup, {}).at("machine_snapshot"), backup.at("machine_snapshot"));
  EXPECT_EQ(Merged({}, present), present);
}

TEST(InventoryImageTest, OnlyRowsOfItsTablesWithAllOfTheirColumnsAreStorable) {
  EXPECT_EQ(OutcomeOf(Snapshot("a", "n")), "");
  EXPECT_EQ(ErrorReason(CheckStorable({{"mysql.user", {{{"name", "root"}}}}})),
            "BAD_INVENTORY_ROW");
  InventoryRow fewer = Snapshot("a", "n");
  fewer.erase("bytes");
  EXPECT_EQ(OutcomeOf(fewer), "BAD_INVENTORY_ROW");
  InventoryRow other = fewer;
  other["size"] = "1";
  EXPECT_EQ(OutcomeOf(other), "BAD_INVENTORY_ROW");
}

TEST(InventoryImageTest, ARowOfAProviderThatIsNotThereIsNotStorable) {
  InventoryRow row = Snapshot("a", "n");
  row["provider_id"] = "q";
  EXPECT_EQ(OutcomeOf(row), "BAD_INVENTORY_ROW");
  EXPECT_EQ(ErrorReason(CheckStorable({{"machine_snapshot", {Snapshot("a", "n")}}})),
            "BAD_INVENTORY_ROW");
}

TEST(InventoryImageTest, TablesThatOthersReferToComeFirst) {
  ASSERT_EQ(InventoryTables().size(), 3u);
  EXPECT_EQ(InventoryTables()[0].name, "provider");
}

}  // namespace
}  // namespace weft::controller
