#include "services/controller/mysql/rewind_check.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "common/mysqld/accounts_sql.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/grants.h"

namespace weft::controller {
namespace {

// What a rewind takes of all that its account has; of each version those that it knows.
constexpr absl::string_view kNeeded[] = {"SUPER", "BINLOG_ADMIN", "SYSTEM_VARIABLES_ADMIN",
                                         "CONNECTION_ADMIN", "SYSTEM_USER"};

struct Touched {
  const TableMap* table = nullptr;
  bool vague = false;  // changed by differences of values
};

absl::Status NotRewindable(absl::string_view expected, absl::string_view found) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_REWINDABLE",
                         "the extra transactions cannot be rewound", expected, found,
                         "rebuild the server: weft server rejoin SERVER --rebuild");
}

// What foreign keys change is in the binary log like anything else.
absl::StatusOr<bool> LogsCascades(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kNativeForeignKeys));
  return !rows.empty() && rows.front().StringOr("Value", "") == "OFF";
}

absl::Status CheckOne(const Touched& touched, bool logs_cascades, mysql::Session& session) {
  const std::string& schema = touched.table->schema;
  const std::string& name = touched.table->table;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet kind,
                        session.Query(sql::kTableKind, {schema, name, schema, name}));
  if (kind.empty()) {
    return NotRewindable("tables that are still there",
                         absl::StrCat(touched.table->Name(), " is gone"));
  }
  const std::string engine = kind.front().StringOr("engine", "");
  if (!absl::EqualsIgnoreCase(engine, "InnoDB")) {
    return NotRewindable("tables of InnoDB",
                         absl::StrCat(touched.table->Name(), " is of ", engine));
  }
  if (touched.vague && kind.front().UintOr("keyed", 0) == 0) {
    return NotRewindable("a primary key where JSON was changed in part",
                         absl::StrCat(touched.table->Name(), " has none"));
  }
  if (logs_cascades) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet child,
                        session.Query(sql::kCascades, {schema, name}));
  if (child.empty()) return absl::OkStatus();
  return NotRewindable(
      "no foreign keys that change other tables beside the binary log (before 9.6)",
      absl::StrCat("`", child.front().StringOr("child_schema", ""), "`.`",
                   child.front().StringOr("child", ""), "` follows ", touched.table->Name()));
}

}  // namespace

absl::Status CheckRights(mysql::Session& session, absl::string_view user) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kGrants));
  Grants grants;
  for (const mysql::ResultSet::Row row : rows) grants.Add(row[0].value_or(""));
  const mysql::ServerVersion& version = session.version();
  std::vector<Privilege> missing = grants.Missing(
      PrivilegesOf(Duty::kRestore, version.major * 10000 + version.minor * 100 + version.patch));
  std::erase_if(missing, [](const Privilege& privilege) {
    return std::find(std::begin(kNeeded), std::end(kNeeded), privilege.name) == std::end(kNeeded);
  });
  if (missing.empty()) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "PRIVILEGES_RESTORE",
      absl::StrCat("the account ", user, " may not undo transactions"),
      absl::StrJoin(kNeeded, ", "),
      absl::StrCat("missing: ", absl::StrJoin(missing, ", ",
                                              [](std::string* out, const Privilege& privilege) {
                                                absl::StrAppend(out, ToString(privilege));
                                              })),
      absl::StrJoin(GrantStatements(missing, user, "%"), "; "));
}

absl::Status CheckTables(const std::vector<RowChange>& changes, mysql::Session& session) {
  std::map<std::string, Touched> tables;
  for (const RowChange& change : changes) {
    Touched& touched = tables[change.table->Name()];
    touched.table = change.table.get();
    touched.vague = touched.vague || !change.vague.empty();
  }
  if (tables.empty()) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const bool logs_cascades, LogsCascades(session));
  for (const auto& [name, touched] : tables) {
    WEFT_RETURN_IF_ERROR(CheckOne(touched, logs_cascades, session));
  }
  return absl::OkStatus();
}

}  // namespace weft::controller
