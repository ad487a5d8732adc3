#include "services/provisioner/dataset/account_copy.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/quote.h"
#include "services/provisioner/dataset/logical_sql.h"

namespace weft::provisioner {
namespace {

constexpr std::array<absl::string_view, 10> kTables = {"user",          "db",
                                                       "tables_priv",   "columns_priv",
                                                       "procs_priv",    "proxies_priv",
                                                       "global_grants", "default_roles",
                                                       "role_edges",    "password_history"};

using Names = std::vector<std::string>;

bool Has(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Empty where the version has no such table.
absl::StatusOr<Names> ColumnsOf(mysql::Session& session, absl::string_view table) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kColumnsOfBoth, {table}));
  Names names;
  for (const mysql::ResultSet::Row row : rows) names.push_back(row.StringOr("name", ""));
  return names;
}

// What to read for a column of the target.
std::string Expression(const std::string& column, bool password_moved) {
  if (password_moved && column == "authentication_string") return std::string(sql::kOldPassword);
  if (password_moved && column == "plugin") return std::string(sql::kOldPlugin);
  return mysql::QuoteIdentifier(column);
}

// What `target` has of the columns of such a table of `source`; no columns where one has no such
// table.
absl::StatusOr<GrantTable> ReadTable(mysql::Session& source, mysql::Session& target,
                                     absl::string_view table) {
  WEFT_ASSIGN_OR_RETURN(const Names theirs, ColumnsOf(source, table));
  WEFT_ASSIGN_OR_RETURN(const Names ours, ColumnsOf(target, table));
  GrantTable read{std::string(table), {}, {}};
  if (theirs.empty() || ours.empty()) return read;
  const bool password_moved = Has(theirs, "Password") && !Has(ours, "Password");
  Names expressions;
  for (const std::string& column : ours) {
    if (!Has(theirs, column)) continue;
    read.columns.push_back(mysql::QuoteIdentifier(column));
    expressions.push_back(Expression(column, password_moved));
  }
  WEFT_ASSIGN_OR_RETURN(read.rows, source.Query(absl::StrFormat(
                                       sql::kReadGrants, absl::StrJoin(expressions, ", "), table)));
  return read;
}

absl::Status WriteTable(mysql::Session& target, const GrantTable& table, bool replace) {
  if (table.columns.empty()) return absl::OkStatus();
  if (replace) WEFT_RETURN_IF_ERROR(target.Execute(absl::StrFormat(sql::kDropGrants, table.name)));
  for (const mysql::ResultSet::RowData& row : table.rows.rows()) {
    Names values;
    for (const mysql::ResultSet::Cell& cell : row) {
      values.push_back(cell.has_value() ? mysql::QuoteString(*cell) : "NULL");
    }
    WEFT_RETURN_IF_ERROR(target.Execute(
        absl::StrFormat(sql::kWriteGrants, replace ? "" : "IGNORE ", table.name,
                        absl::StrJoin(table.columns, ", "), absl::StrJoin(values, ", "))));
  }
  return absl::OkStatus();
}

absl::Status About(const absl::Status& status, absl::string_view table) {
  return Annotate(status, absl::StrCat("accounts (mysql.", table, ")"));
}

}  // namespace

absl::StatusOr<Accounts> ReadAccounts(mysql::Session& source, mysql::Session& target) {
  Accounts accounts;
  accounts.same_series = source.version().major == target.version().major &&
                         source.version().minor == target.version().minor;
  for (const absl::string_view name : kTables) {
    absl::StatusOr<GrantTable> table = ReadTable(source, target, name);
    if (!table.ok()) return About(table.status(), name);
    accounts.tables.push_back(*std::move(table));
  }
  return accounts;
}

absl::Status WriteAccounts(mysql::Session& target, const Accounts& accounts) {
  WEFT_RETURN_IF_ERROR(target.Begin());
  for (const GrantTable& table : accounts.tables) {
    WEFT_RETURN_IF_ERROR(About(WriteTable(target, table, accounts.same_series), table.name));
  }
  WEFT_RETURN_IF_ERROR(target.Commit());
  return target.Execute(sql::kFlushPrivileges);
}

}  // namespace weft::provisioner
