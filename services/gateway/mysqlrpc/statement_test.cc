#include "services/gateway/mysqlrpc/statement.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace weft::gateway::mysqlrpc {
namespace {

using fabric::Nil;
using fabric::Value;

// "group.command|a|NIL|name=b" of a CALL, "?" of what is none.
std::string CallText(absl::string_view text) {
  const Statement statement = ParseStatement(text);
  const auto* call = std::get_if<CallStatement>(&statement);
  if (call == nullptr) return "?";
  EXPECT_EQ(call->call.method, call->group + "." + call->command);
  const auto show = [](const Value& value) {
    return value.is_nil() ? "NIL" : std::get<std::string>(value.data);
  };
  std::string out = call->call.method;
  for (const Value& value : call->call.arguments) absl::StrAppend(&out, "|", show(value));
  for (const auto& [name, value] : call->call.named) {
    absl::StrAppend(&out, "|", name, "=", show(value));
  }
  return out;
}

bool IsUnreadable(absl::string_view text) {
  return std::holds_alternative<UnreadableStatement>(ParseStatement(text));
}
bool IsOther(absl::string_view text) {
  return std::holds_alternative<OtherStatement>(ParseStatement(text));
}

TEST(StatementTest, ReadsACall) {
  EXPECT_EQ(CallText("CALL dump.servers()"), "dump.servers");
  EXPECT_EQ(CallText("  call   dump.servers  ( )  ;"), "dump.servers");
  EXPECT_EQ(CallText("CALL\tgroup.lookup_servers('g')"), "group.lookup_servers|g");
  EXPECT_EQ(CallText("CALL group.create(\"g\", `d`)"), "group.create|g|d");
}

TEST(StatementTest, AllArgumentsAreTextOrNil) {
  EXPECT_EQ(CallText("CALL g.c(1, 2.5, true, NULL, null, 'NULL')"), "g.c|1|2.5|true|NIL|null|NULL");
}

TEST(StatementTest, ArgumentsMayBeNamed) {
  EXPECT_EQ(CallText("CALL group.lookup_servers('g', status = 'PRIMARY', mode=NULL)"),
            "group.lookup_servers|g|status=PRIMARY|mode=NIL");
  EXPECT_EQ(CallText("CALL g.c('a=b')"), "g.c|a=b");
  EXPECT_EQ(CallText("CALL g.c(n='a=b')"), "g.c|n=a=b");
  EXPECT_EQ(CallText("CALL g.c(a=b=c)"), "g.c|a=b=c");
}

TEST(StatementTest, CommasAndParenthesesCountOutsideOfQuotesOnly) {
  EXPECT_EQ(CallText("CALL g.c('a,b', \"c,d\")"), "g.c|a,b|c,d");
  EXPECT_EQ(CallText("CALL g.c('a)')"), "g.c|a)");
  EXPECT_EQ(CallText("CALL g.c(f(x))"), "g.c|f(x)");
}

TEST(StatementTest, AQuoteWithinTheOtherKindMeansNothing) {
  EXPECT_EQ(CallText("CALL g.c('x', \"it's, so\")"), "g.c|x|it's, so");
}

TEST(StatementTest, OnlyOnePairOfQuotesIsTakenOff) {
  EXPECT_EQ(CallText("CALL g.c(\"'a'\", 'it''s', '')"), "g.c|'a'|it''s|");
}

TEST(StatementTest, WhatFollowsTheArgumentsIsIgnored) {
  EXPECT_EQ(CallText("CALL dump.servers() -- and so on"), "dump.servers");
}

TEST(StatementTest, ArgumentsMayStandOnSeveralLines) {
  EXPECT_EQ(CallText("CALL g.c('a',\n'b'\n)"), "g.c|a|b");
}

TEST(StatementTest, ACallThatCannotBeReadIsTold) {
  for (const char* bad : {"CALL", "CALL dump", "CALL dump.servers", "CALL dump.servers(",
                          "CALLdump.servers()", "CALL dump.()", "CALL .servers()", "CALL a b.c()",
                          "CALL g.c('a',)", "CALL g.c(,)", "CALL g.c('a)", "CALL g.c(n=)",
                          "CALL g.c(='a')", "CALL g-h.c()", "CALL dump . servers()"}) {
    EXPECT_TRUE(IsUnreadable(bad)) << bad;
  }
  EXPECT_TRUE(IsUnreadable(absl::string_view("CALL g.c('a\0b')", 15)));
}

TEST(StatementTest, ReadsShowCreateProcedure) {
  const Statement statement = ParseStatement("show  Create procedure group.add;");
  const auto* show = std::get_if<ShowProcedureStatement>(&statement);
  ASSERT_NE(show, nullptr);
  EXPECT_EQ(show->group, "group");
  EXPECT_EQ(show->command, "add");
  EXPECT_TRUE(IsUnreadable("SHOW CREATE PROCEDURE group"));
  EXPECT_TRUE(IsUnreadable("SHOW CREATE PROCEDURE group.add x"));
  EXPECT_TRUE(IsOther("SHOW CREATE TABLE t"));
  EXPECT_TRUE(IsOther("SHOW VARIABLES"));
}

TEST(StatementTest, ReadsAQuestionForTheRoutines) {
  for (const char* text :
       {"SELECT * FROM INFORMATION_SCHEMA.ROUTINES",
        "select a, b\n  from information_schema.routines where routine_schema = 'dump'"}) {
    EXPECT_TRUE(std::holds_alternative<ListProceduresStatement>(ParseStatement(text))) << text;
  }
  EXPECT_TRUE(IsOther("SELECT 1"));
  EXPECT_TRUE(IsOther("SELECT * FROM INFORMATION_SCHEMA.TABLES"));
  EXPECT_TRUE(IsOther("SELECT fromINFORMATION_SCHEMA.ROUTINES"));
}

TEST(StatementTest, ReadsTheFormat) {
  const auto format = [](absl::string_view text) {
    const Statement statement = ParseStatement(text);
    const auto* set = std::get_if<SetFormatStatement>(&statement);
    return set == nullptr ? "?" : set->format;
  };
  EXPECT_EQ(format("SET format = 'json'"), "json");
  EXPECT_EQ(format("set FORMAT=\" JSON \";"), "json");
  EXPECT_EQ(format("SET format=xml"), "xml");
  EXPECT_EQ(format("SET formats='json'"), "?");
}

TEST(StatementTest, EverythingElseIsLeftAlone) {
  for (const char* text : {"", " ", "SET NAMES utf8", "SET autocommit=0", "COMMIT", "USE fabric",
                           "SELECT @@version_comment LIMIT 1", "DROP TABLE t", "\xff\xfe"}) {
    EXPECT_TRUE(IsOther(text)) << text;
  }
}

TEST(StatementTest, LongStatementsTakeNoLongerThanTheirLength) {
  // Each would take minutes if some part of it were looked at again and again.
  const std::string many(1 << 20, ' ');
  EXPECT_TRUE(IsOther("SELECT " + many + "FROM"));
  EXPECT_TRUE(IsUnreadable("CALL g.c(" + std::string(1 << 20, ',') + ")"));
  EXPECT_TRUE(IsUnreadable("CALL g.c(" + std::string(1 << 20, ')') + "'"));
  std::string froms = "SELECT";
  for (int i = 0; i < 100'000; ++i) froms += " FROM ";
  EXPECT_TRUE(IsOther(froms));
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
