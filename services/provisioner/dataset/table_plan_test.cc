#include "services/provisioner/dataset/table_plan.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

Table Numbered() {
  Table table;
  table.schema = "shop";
  table.name = "rows";
  table.bytes = 300;
  table.columns = {{"id", "bigint"}, {"f", "float"}, {"j", "json"}};
  table.number = "id";
  return table;
}

TEST(TablePlanTest, PartsMeetAndTheOutermostAreOpen) {
  const Table table = Numbered();
  const std::vector<Part> parts = CutTable(table, "1", "18446744073709551615", 100);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts.front().from, "");
  EXPECT_EQ(parts.back().until, "");
  for (size_t i = 1; i < parts.size(); ++i) EXPECT_EQ(parts[i].from, parts[i - 1].until);
  EXPECT_EQ(parts[1].from, "6148914691236517206");
}

TEST(TablePlanTest, SmallTablesAndThoseWithoutANumberAreOnePart) {
  Table table = Numbered();
  EXPECT_EQ(CutTable(table, "1", "9", 1000).size(), 1u);
  EXPECT_EQ(CutTable(table, "1", "2", 1).size(), 1u);  // fewer numbers than parts
  table.number = "";
  EXPECT_EQ(CutTable(table, "", "", 1).size(), 1u);
}

TEST(TablePlanTest, SomeTablesAtATimeTakeTurns) {
  Table tables[4];
  const auto parts = [&](int table, int count) {
    std::vector<Part> of(count, Part{&tables[table]});
    for (int i = 0; i < count; ++i) of[i].bytes = i;
    return of;
  };
  std::string order;
  for (const Part& part : TakeTurns({parts(0, 3), parts(1, 1), {}, parts(3, 2)}, 2)) {
    order += absl::StrCat(" ", part.table - tables, ".", part.bytes);
  }
  EXPECT_EQ(order, " 0.0 1.0 0.1 0.2 3.0 3.1");
}

TEST(TablePlanTest, ReadsFloatsWithAllTheirDigits) {
  const Table table = Numbered();
  EXPECT_EQ(SelectOf({&table, "", "", 0}), "SELECT `id`, (`f` * 1e0), `j` FROM `shop`.`rows`");
  EXPECT_EQ(SelectOf({&table, "5", "9", 0}),
            "SELECT `id`, (`f` * 1e0), `j` FROM `shop`.`rows` WHERE `id` >= 5 AND `id` < 9");
}

TEST(TablePlanTest, MarksLargeRowsAndReadsThemApart) {
  Table table = Numbered();
  table.columns = {{"id", "bigint"}, {"b", "longblob"}, {"t", "mediumtext"}, {"s", "text"}};
  const Part part = {&table, "", "9", 0};
  EXPECT_EQ(SelectOf(part),
            "SELECT `id`, IF(COALESCE(OCTET_LENGTH(`b`), 0) + COALESCE(OCTET_LENGTH(`t`), 0) >"
            " 8388608, NULL, `b`), IF(COALESCE(OCTET_LENGTH(`b`), 0) + COALESCE(OCTET_LENGTH(`t`),"
            " 0) > 8388608, NULL, `t`), `s`, COALESCE(OCTET_LENGTH(`b`), 0) +"
            " COALESCE(OCTET_LENGTH(`t`), 0) > 8388608 FROM `shop`.`rows` WHERE `id` < 9");
  EXPECT_EQ(SelectLargeOf(part),
            "SELECT `id`, `b`, `t`, `s` FROM `shop`.`rows` WHERE COALESCE(OCTET_LENGTH(`b`), 0) +"
            " COALESCE(OCTET_LENGTH(`t`), 0) > 8388608 AND `id` < 9");
}

TEST(TablePlanTest, LoadsDocumentsAsText) {
  const Table table = Numbered();
  EXPECT_EQ(LoadOf({&table, "", "", 0}),
            "LOAD DATA LOCAL INFILE 'rows' INTO TABLE `shop`.`rows` CHARACTER SET binary"
            " (`id`, `f`, @weft_2) SET `j` = CONVERT(@weft_2 USING utf8mb4)");
}

}  // namespace
}  // namespace weft::provisioner
