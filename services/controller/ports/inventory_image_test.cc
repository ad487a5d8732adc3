#include "services/controller/ports/inventory_image.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

InventoryRow Snapshot(const std::string& name, const std::string& native) {
  return {{"name", name}, {"provider_id", "p"},  {"machine_uuid", "m"},
          {"bytes", "1"}, {"native_id", native}, {"created", "2026-01-01 00:00:00"}};
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
  EXPECT_TRUE(CheckStorable({{"machine_snapshot", {Snapshot("a", "n")}}}).ok());
  EXPECT_EQ(ErrorReason(CheckStorable({{"mysql.user", {{{"name", "root"}}}}})),
            "BAD_INVENTORY_ROW");
  InventoryRow fewer = Snapshot("a", "n");
  fewer.erase("bytes");
  EXPECT_EQ(ErrorReason(CheckStorable({{"machine_snapshot", {fewer}}})), "BAD_INVENTORY_ROW");
  InventoryRow other = fewer;
  other["size"] = "1";
  EXPECT_EQ(ErrorReason(CheckStorable({{"machine_snapshot", {other}}})), "BAD_INVENTORY_ROW");
}

TEST(InventoryImageTest, TablesThatOthersReferToComeFirst) {
  ASSERT_EQ(InventoryTables().size(), 3u);
  EXPECT_EQ(InventoryTables()[0].name, "provider");
}

}  // namespace
}  // namespace weft::controller
