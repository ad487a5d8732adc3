#include "common/mysql/result_set.h"

#include <gtest/gtest.h>

namespace weft::mysql {
namespace {

ResultSet Rows() {
  return ResultSet({"Name", "Number", "Flag", "Nothing"},
                   {{"a", "7", "ON", std::nullopt}, {"b", "-1", "no", std::nullopt}});
}

TEST(ResultSetTest, GivesTypedValuesByColumnNameInAnyCase) {
  const ResultSet rows = Rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(*rows[0].String("NAME"), "a");
  EXPECT_EQ(*rows[0].Int("number"), 7);
  EXPECT_EQ(*rows[1].Int("number"), -1);
  EXPECT_EQ(*rows[0].Double("number"), 7.0);
  EXPECT_TRUE(*rows[0].Bool("flag"));
  EXPECT_FALSE(*rows[1].Bool("flag"));
}

TEST(ResultSetTest, SaysWhyAValueIsNotThere) {
  const ResultSet rows = Rows();
  EXPECT_EQ(rows[0].String("absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rows[0].Int("nothing").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(rows[0].Int("name").status().message(),
            "column name: expected an integer, found \"a\"");
  EXPECT_EQ(rows[1].Uint("number").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rows[0].Bool("number").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ResultSetTest, OptionalColumnsHaveDefaults) {
  const ResultSet rows = Rows();
  EXPECT_EQ(rows[0].StringOr("absent", "none"), "none");
  EXPECT_EQ(rows[0].StringOr("nothing", "none"), "none");
  EXPECT_EQ(rows[0].IntOr("name", 5), 5);
  EXPECT_EQ(rows[0].UintOr("number", 5), 7u);
  EXPECT_TRUE(rows[0].BoolOr("nothing", true));
  EXPECT_FALSE(rows[0].Get("nothing").has_value());
}

TEST(ResultSetTest, IteratesOverItsRows) {
  const ResultSet rows = Rows();
  std::string names;
  for (const ResultSet::Row row : rows) names += row.StringOr("name", "");
  EXPECT_EQ(names, "ab");
  EXPECT_TRUE(ResultSet().empty());
}

}  // namespace
}  // namespace weft::mysql
