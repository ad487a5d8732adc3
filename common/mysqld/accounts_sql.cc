#include "common/mysqld/accounts_sql.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/mysql/quote.h"

namespace weft {
namespace {

constexpr absl::string_view kAnyHost = "%";
constexpr int kHasCreateIfNotExists = 50706;

// In a GRANT the name of a database is a pattern, so what stands for any character is escaped.
std::string DatabaseScope(absl::string_view database) {
  const std::string pattern = absl::StrReplaceAll(database, {{"_", "\\_"}, {"%", "\\%"}});
  return absl::StrCat(mysql::QuoteIdentifier(pattern), ".*");
}

}  // namespace

std::string CreateAccountStatement(int version, absl::string_view user, absl::string_view host,
                                   absl::string_view password) {
  const std::string account = mysql::QuoteAccount(user, host);
  const std::string identified = absl::StrCat(" IDENTIFIED BY ", mysql::QuoteString(password));
  if (version >= kHasCreateIfNotExists) {
    return absl::StrCat("CREATE USER IF NOT EXISTS ", account, identified);
  }
  // There CREATE USER cannot be repeated, and GRANT makes what it does not find.
  return absl::StrCat("GRANT USAGE ON *.* TO ", account, identified);
}

std::vector<std::string> GrantStatements(absl::Span<const Privilege> privileges,
                                         absl::string_view user, absl::string_view host) {
  std::vector<std::string> statements;
  for (auto first = privileges.begin(); first != privileges.end();) {
    auto end = first;
    std::vector<absl::string_view> names;
    for (; end != privileges.end() && end->scope == first->scope; ++end) names.push_back(end->name);
    statements.push_back(absl::StrCat("GRANT ", absl::StrJoin(names, ", "), " ON ", first->scope,
                                      " TO ", mysql::QuoteAccount(user, host)));
    first = end;
  }
  return statements;
}

std::string GrantDatabaseStatement(absl::string_view database, absl::string_view user,
                                   absl::string_view host) {
  return absl::StrCat("GRANT ALL ON ", DatabaseScope(database), " TO ",
                      mysql::QuoteAccount(user, host));
}

std::string GrantReadStatement(absl::string_view database, absl::string_view user,
                               absl::string_view host) {
  return absl::StrCat("GRANT SELECT ON ", DatabaseScope(database), " TO ",
                      mysql::QuoteAccount(user, host));
}

std::vector<std::string> InitialStatements(int version, const InitialContent& content) {
  std::vector<std::string> statements = {"SET SESSION sql_log_bin = 0"};
  for (const InitialAccount& account : content.accounts) {
    statements.push_back(CreateAccountStatement(version, account.user, kAnyHost, account.password));
    for (std::string& grant :
         GrantStatements(PrivilegesOf(account.duty, version), account.user, kAnyHost)) {
      statements.push_back(std::move(grant));
    }
  }
  if (!content.database.empty()) {
    statements.push_back(
        absl::StrCat("CREATE DATABASE IF NOT EXISTS ", mysql::QuoteIdentifier(content.database)));
    statements.push_back(
        CreateAccountStatement(version, content.owner, kAnyHost, content.owner_password));
    statements.push_back(GrantDatabaseStatement(content.database, content.owner, kAnyHost));
    for (const std::string& reader : content.readers) {
      statements.push_back(GrantReadStatement(content.database, reader, kAnyHost));
    }
  }
  return statements;
}

}  // namespace weft
