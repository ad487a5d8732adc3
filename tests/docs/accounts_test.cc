// docs/accounts.md says what common/model/accounts.h says: the tables and the SQL in it are
// rendered from there, between comments that name them.
#include "common/model/accounts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/accounts_sql.h"

namespace weft {
namespace {

constexpr int kOldest = 50600;
constexpr int kNewest = 90704;

std::string VersionText(int version) {
  return absl::StrCat(version / 10000, ".", version / 100 % 100,
                      version % 100 == 0 ? "" : absl::StrCat(".", version % 100));
}

std::string RangeText(const Privilege& privilege) {
  const bool from_the_first = privilege.since <= kOldest;
  const bool to_the_last = privilege.until > kNewest;
  if (from_the_first && to_the_last) return "all";
  if (to_the_last) return absl::StrCat("from ", VersionText(privilege.since));
  if (from_the_first) return absl::StrCat("before ", VersionText(privilege.until));
  return absl::StrCat("from ", VersionText(privilege.since), ", before ",
                      VersionText(privilege.until));
}

// Every entry that any version needs, in the order of the newest that has it.
std::vector<Privilege> EveryPrivilegeOf(Duty duty) {
  std::vector<Privilege> all;
  for (int version = kNewest; version >= kOldest; --version) {
    for (const Privilege& privilege : PrivilegesOf(duty, version)) {
      if (std::find(all.begin(), all.end(), privilege) == all.end()) all.push_back(privilege);
    }
  }
  return all;
}

// A code span with a backtick in it is set off by two.
std::string CodeSpan(absl::string_view text) {
  return absl::StrContains(text, '`') ? absl::StrCat("`` ", text, " ``")
                                      : absl::StrCat("`", text, "`");
}

std::string TableOf(Duty duty) {
  std::string text = "| privilege | on | MySQL | what for |\n|---|---|---|---|\n";
  for (const Privilege& privilege : EveryPrivilegeOf(duty)) {
    absl::StrAppend(&text, "| ", privilege.name, " | ", CodeSpan(privilege.scope), " | ",
                    RangeText(privilege), " | ", privilege.purpose, " |\n");
  }
  return text;
}

std::string SqlFor(int version) {
  std::string text = "```sql\nSET SESSION sql_log_bin = 0;\n";
  for (const Duty duty : kDuties) {
    const absl::string_view user = DefaultUserOf(duty);
    absl::StrAppend(&text, CreateAccountStatement(version, user, "%", "********"), ";\n");
    absl::StrAppend(&text,
                    absl::StrJoin(GrantStatements(PrivilegesOf(duty, version), user, "%"), ";\n"),
                    ";\n");
  }
  return absl::StrCat(text, "```\n");
}

std::string ReadDocument() {
  std::ifstream file("docs/accounts.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Expects `content` after the comment that names it.
void ExpectSection(const std::string& name, const std::string& content) {
  const std::string document = ReadDocument();
  const std::string begin = absl::StrCat("<!-- ", name, " -->\n");
  const size_t at = document.find(begin);
  ASSERT_NE(at, std::string::npos) << "docs/accounts.md has no " << begin;
  const size_t first = at + begin.size();
  const size_t end = document.find("<!-- end -->", first);
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(document.substr(first, end - first), content)
      << "docs/accounts.md differs from common/model/accounts.cc; this belongs after " << begin
      << content;
}

TEST(AccountsDocument, ListsTheLeastPrivilegesOfEachDuty) {
  for (const Duty duty : kDuties) {
    ExpectSection(absl::StrCat("privileges of ", DutyName(duty)), TableOf(duty));
  }
}

TEST(AccountsDocument, HasTheSqlForEachGenerationOfMysql) {
  for (const int version : {90704, 80036, 50744, 50624}) {
    ExpectSection(absl::StrCat("SQL for ", VersionText(version)), SqlFor(version));
  }
}

TEST(AccountsDocument, MayShowOneSqlFor84AndForNewer) { EXPECT_EQ(SqlFor(80400), SqlFor(90704)); }

}  // namespace
}  // namespace weft
