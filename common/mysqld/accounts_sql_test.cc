#include "common/mysqld/accounts_sql.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/model/accounts.h"

namespace weft {
namespace {

TEST(AccountsSqlTest, GrantsOneStatementForEachScope) {
  const Privilege privileges[] = {{"PROCESS", "*.*", 0, 1000000, "see"},
                                  {"RELOAD", "*.*", 0, 1000000, "flush"},
                                  {"INSERT", "mysql.plugin", 0, 1000000, "install"}};
  EXPECT_EQ(GrantStatements(privileges, "weft_manage", "%"),
            (std::vector<std::string>{
                "GRANT PROCESS, RELOAD ON *.* TO 'weft_manage'@'%'",
                "GRANT INSERT ON mysql.plugin TO 'weft_manage'@'%'",
            }));
}

TEST(AccountsSqlTest, MakesAccountsRepeatablyInEveryVersion) {
  EXPECT_EQ(CreateAccountStatement(90704, "u", "h", "p"),
            "CREATE USER IF NOT EXISTS 'u'@'h' IDENTIFIED BY 'p'");
  EXPECT_EQ(CreateAccountStatement(50624, "u", "h", "p"),
            "GRANT USAGE ON *.* TO 'u'@'h' IDENTIFIED BY 'p'");
}

TEST(AccountsSqlTest, QuotesAreNoWayOut) {
  const std::string statement = CreateAccountStatement(90704, "o'hara", "%", "a'b\\c");
  EXPECT_FALSE(absl::StrContains(statement, "o'hara"));
  EXPECT_FALSE(absl::StrContains(statement, "a'b\\c"));
}

TEST(AccountsSqlTest, AnUnderscoreInADatabaseStandsForItself) {
  EXPECT_EQ(GrantDatabaseStatement("my_app", "u", "%"), "GRANT ALL ON `my\\_app`.* TO 'u'@'%'");
  EXPECT_EQ(GrantReadStatement("my_app", "u", "%"), "GRANT SELECT ON `my\\_app`.* TO 'u'@'%'");
}

TEST(AccountsSqlTest, ANewServerIsSetUpOutsideOfItsBinaryLogAndLineByLine) {
  InitialContent content;
  content.accounts = {{Duty::kManage, "weft_manage", "p1"}, {Duty::kMonitor, "weft_monitor", "p2"}};
  content.database = "app";
  content.owner = "app";
  content.owner_password = "p3";
  content.readers = {"weft_monitor"};
  for (const int version : {50624, 90704}) {
    const std::vector<std::string> statements = InitialStatements(version, content);
    EXPECT_EQ(statements.front(), "SET SESSION sql_log_bin = 0");
    EXPECT_EQ(statements.back(), "GRANT SELECT ON `app`.* TO 'weft_monitor'@'%'");
    for (const std::string& statement : statements) {
      EXPECT_EQ(statement.find_first_of(";\n"), std::string::npos) << statement;
    }
  }
}

}  // namespace
}  // namespace weft
