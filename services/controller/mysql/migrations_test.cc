#include "services/controller/mysql/migrations.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitStatementsTest, EndsAStatementWhereALineEndsWithTheDelimiter) {
  EXPECT_THAT(SplitStatements("SELECT 1;\nSELECT\n  ';' AS x;\n"),
              ElementsAre("SELECT 1", "SELECT\n  ';' AS x"));
}

TEST(SplitStatementsTest, ObeysDelimiterLinesSoThatBodiesStayWhole) {
  EXPECT_THAT(SplitStatements("DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  DO 1;\nEND //\n"
                              "DELIMITER ;\nDO 2;\n"),
              ElementsAre("CREATE PROCEDURE p()\nBEGIN\n  DO 1;\nEND", "DO 2"));
}

TEST(SplitStatementsTest, LeavesOutCommentsAndBlankLinesBetweenStatements) {
  EXPECT_THAT(SplitStatements("-- about; this\n\nDO 1;\n\n-- the end\n"), ElementsAre("DO 1"));
  EXPECT_THAT(SplitStatements("-- nothing\n"), IsEmpty());
}

TEST(SplitStatementsTest, KeepsALastStatementWithoutDelimiter) {
  EXPECT_THAT(SplitStatements("DO 1"), ElementsAre("DO 1"));
}

TEST(StoreMigrationsTest, AreNumberedFromOneWithoutGaps) {
  int expected = 1;
  for (const Migration& migration : StoreMigrations()) {
    EXPECT_EQ(migration.version, expected++);
    EXPECT_THAT(SplitStatements(migration.sql), Not(IsEmpty())) << migration.name;
  }
  EXPECT_EQ(StoreSchemaVersion(), expected - 1);
}

TEST(StoreMigrationsTest, MayBeRunTwice) {
  for (const Migration& migration : StoreMigrations()) {
    for (const std::string& statement : SplitStatements(migration.sql)) {
      if (absl::StartsWith(statement, "CREATE TABLE")) {
        EXPECT_TRUE(absl::StartsWith(statement, "CREATE TABLE IF NOT EXISTS")) << statement;
      }
      if (absl::StartsWith(statement, "CREATE PROCEDURE ")) {
        const std::string name = statement.substr(17, statement.find('(') - 17);
        EXPECT_TRUE(
            absl::StrContains(migration.sql, absl::StrCat("DROP PROCEDURE IF EXISTS ", name)))
            << name;
      }
    }
  }
}

TEST(StoreMigrationsTest, CommentEveryTable) {
  for (const std::string& statement : SplitStatements(StoreMigrations().front().sql)) {
    if (!absl::StartsWith(statement, "CREATE TABLE")) continue;
    EXPECT_TRUE(absl::StrContains(statement, "ENGINE = InnoDB COMMENT = '")) << statement;
  }
}

}  // namespace
}  // namespace weft::controller
