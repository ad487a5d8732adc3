#include "common/mysql/quote.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace weft::mysql {
namespace {

std::string Bound(absl::string_view sql, const Params& params) {
  const absl::StatusOr<std::string> bound = BindParams(sql, params);
  EXPECT_TRUE(bound.ok()) << bound.status();
  return bound.value_or("");
}

TEST(QuoteTest, EscapesWhatCouldEndAString) {
  EXPECT_EQ(QuoteString("it's \\ \"x\""), R"('it\'s \\ \"x\"')");
  EXPECT_EQ(QuoteString(absl::string_view("a\0b\n\r\x1a", 6)), R"('a\0b\n\r\Z')");
  EXPECT_EQ(QuoteString(""), "''");
  EXPECT_EQ(QuoteString("grün"), "'grün'");
}

TEST(QuoteTest, DoublesBackquotesInIdentifiers) {
  EXPECT_EQ(QuoteIdentifier("a`b"), "`a``b`");
  EXPECT_EQ(QuoteIdentifier(absl::string_view("a\0b", 3)), "`a`");
  EXPECT_EQ(QuoteAccount("o'neil", "%"), R"('o\'neil'@'%')");
}

TEST(ParamTest, WritesEachTypeAsItsLiteral) {
  EXPECT_EQ(Param(Null{}).ToSql(), "NULL");
  EXPECT_EQ(Param(true).ToSql(), "1");
  EXPECT_EQ(Param(-7).ToSql(), "-7");
  EXPECT_EQ(Param(std::numeric_limits<uint64_t>::max()).ToSql(), "18446744073709551615");
  EXPECT_EQ(Param("text").ToSql(), "'text'");
  EXPECT_EQ(Param(absl::string_view("text")).ToSql(), "'text'");
  EXPECT_EQ(Param(std::string("a'b")).ToSql(), R"('a\'b')");
  EXPECT_EQ(Param(Bytes{std::string("\0\xff", 2)}).ToSql(), "x'00ff'");
  EXPECT_EQ(Param(Bytes{}).ToSql(), "x''");
  EXPECT_EQ(Param(std::numeric_limits<double>::infinity()).ToSql(), "NULL");
}

TEST(ParamTest, ADoubleKeepsAllItsDigits) {
  for (const double value : {0.1, 1.0 / 3.0, -1e300, 5e-324, 0.0}) {
    EXPECT_EQ(std::strtod(Param(value).ToSql().c_str(), nullptr), value);
  }
}

TEST(BindParamsTest, ReplacesEachPlaceholderInOrder) {
  EXPECT_EQ(Bound("SELECT ?, ? FROM t WHERE a=?", {1, "x", Null{}}),
            "SELECT 1, 'x' FROM t WHERE a=NULL");
  EXPECT_EQ(Bound("SELECT 1", {}), "SELECT 1");
}

TEST(BindParamsTest, LeavesQuotesAndCommentsAlone) {
  EXPECT_EQ(Bound(R"(SELECT '?\'?', "?""?", `?`, ?)", {5}), R"(SELECT '?\'?', "?""?", `?`, 5)");
  EXPECT_EQ(Bound("SELECT /* ? ' */ ? -- ? '\n, ? # ?", {1, 2}),
            "SELECT /* ? ' */ 1 -- ? '\n, 2 # ?");
  EXPECT_EQ(Bound("SELECT 1--?, 4/?", {2, 3}), "SELECT 1--2, 4/3");
}

TEST(BindParamsTest, AParameterIsNotSearchedForPlaceholders) {
  EXPECT_EQ(Bound("? ?", {"a?", "b'?"}), R"('a?' 'b\'?')");
}

TEST(BindParamsTest, UnfinishedQuotesAndCommentsDoNotRunOver) {
  EXPECT_EQ(Bound("SELECT '?", {}), "SELECT '?");
  EXPECT_EQ(Bound("SELECT '\\", {}), "SELECT '\\");
  EXPECT_EQ(Bound("SELECT /* ?", {}), "SELECT /* ?");
  EXPECT_EQ(Bound("SELECT /*/ ? */ ?", {1}), "SELECT /*/ ? */ 1");
}

TEST(BindParamsTest, RefusesAWrongNumberOfParameters) {
  EXPECT_EQ(BindParams("SELECT ?, ?", {1}).status().message(),
            "statement parameters: expected 2, found 1");
  EXPECT_FALSE(BindParams("SELECT 1", {1}).ok());
}

}  // namespace
}  // namespace weft::mysql
