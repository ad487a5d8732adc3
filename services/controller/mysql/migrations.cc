#include "services/controller/mysql/migrations.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kRecord =
#include "services/controller/mysql/schema/0001_record.sql.inc"
    ;
constexpr absl::string_view kWrites =
#include "services/controller/mysql/schema/0002_writes.sql.inc"
    ;
constexpr absl::string_view kPromotionRule =
#include "services/controller/mysql/schema/0003_promotion_rule.sql.inc"
    ;
constexpr absl::string_view kUsers =
#include "services/controller/mysql/schema/0004_users.sql.inc"
    ;
constexpr absl::string_view kLossless =
#include "services/controller/mysql/schema/0005_lossless.sql.inc"
    ;
constexpr absl::string_view kProvisioner =
#include "services/controller/mysql/schema/0006_provisioner.sql.inc"
    ;
constexpr absl::string_view kHooks =
#include "services/controller/mysql/schema/0007_hooks.sql.inc"
    ;
constexpr absl::string_view kDurability =
#include "services/controller/mysql/schema/0008_durability.sql.inc"
    ;

// Table, column, key, foreign key or check constraint is already there; or already gone.
bool IsAlreadySo(const absl::Status& status) {
  constexpr int kCodes[] = {1050, 1060, 1061, 1091, 1826, 3822};
  return std::find(std::begin(kCodes), std::end(kCodes), mysql::MysqlErrorCode(status)) !=
         std::end(kCodes);
}

// A lack of rights, said with the statement that mends it; any other error as it is.
absl::Status Explain(const absl::Status& status, mysql::Session& session,
                     const std::string& database) {
  if (!absl::IsPermissionDenied(status)) return status;
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "STORE_PRIVILEGES",
      absl::StrCat("the state store's account lacks a right: ", status.message()),
      "all rights that Weft needs on its own database", status.message(),
      StoreGrant(database, session.options().user));
}

absl::Status CheckServer(mysql::Session& session) {
  const mysql::ServerVersion& version = session.version();
  if (!version.mariadb && version.AtLeast(8, 4)) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "STORE_VERSION",
                         absl::StrCat("the state store runs ", version.text),
                         "MySQL 8.4 or later as the state store", version.text,
                         "name a server of MySQL 8.4 or later as the state store");
}

// Holds the schema's lock while it lives.
class SchemaLock {
 public:
  static absl::StatusOr<std::unique_ptr<SchemaLock>> Take(mysql::Session& session,
                                                          const std::string& database,
                                                          absl::Duration wait) {
    // At most 64 characters, and the same for the same database.
    const std::string name = absl::StrCat("weft.schema.", database.substr(0, 50));
    WEFT_ASSIGN_OR_RETURN(
        const mysql::ResultSet rows,
        session.Query(store_sql::kLockSchema,
                      {name, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))}));
    if (!rows.empty() && rows.front().IntOr("locked", 0) == 1) {
      return std::unique_ptr<SchemaLock>(new SchemaLock(session, name));
    }
    return ::weft::Refusal(absl::StatusCode::kAborted, "SETUP_RUNNING",
                           "another controller is setting the state store up",
                           "no other set-up under way", "the schema's lock is held",
                           "wait for it to end, then run `weft manage setup` again");
  }

  ~SchemaLock() {
    // The session's end releases it too.
    session_.Query(store_sql::kUnlockSchema, {name_}).IgnoreError();
  }

 private:
  SchemaLock(mysql::Session& session, std::string name)
      : session_(session), name_(std::move(name)) {}

  mysql::Session& session_;
  const std::string name_;
};

struct Contents {
  bool exists = false;
  int64_t tables = 0;
  bool versioned = false;
};

absl::StatusOr<Contents> Inspect(mysql::Session& session, const std::string& database) {
  Contents contents;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet found,
                        session.Query(store_sql::kFindDatabase, {database}));
  contents.exists = !found.empty() && found.front().IntOr("found", 0) > 0;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet tables,
                        session.Query(store_sql::kCountTables, {database}));
  if (!tables.empty()) {
    contents.tables = tables.front().IntOr("tables", 0);
    contents.versioned = tables.front().IntOr("versioned", 0) > 0;
  }
  return contents;
}

absl::Status NotOurs(const std::string& database, int64_t tables) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "DATABASE_NOT_EMPTY",
      absl::StrCat("the database ", database, " holds ", tables, " tables that are not Weft's"),
      "a database of Weft's own, or a name that none has", absl::StrCat(tables, " tables"),
      "give the state store another database name");
}

absl::Status Use(mysql::Session& session, const std::string& database) {
  return session.Execute(absl::StrCat(store_sql::kUseDatabase, mysql::QuoteIdentifier(database)));
}

absl::Status ApplyOne(mysql::Session& session, const Migration& migration) {
  for (const std::string& statement : SplitStatements(migration.sql)) {
    const absl::Status status = session.Execute(statement);
    if (!status.ok() && !IsAlreadySo(status)) {
      return Annotate(status,
                      absl::StrCat("migration ", migration.version, " (", migration.name, ")"));
    }
  }
  if (migration.compatible_from > 0) {
    WEFT_RETURN_IF_ERROR(session.Execute(store_sql::kCreateSchemaAddition));
    WEFT_RETURN_IF_ERROR(
        session
            .Execute(store_sql::kRecordAddition,
                     {migration.version, migration.name, migration.compatible_from})
            .status());
  } else {
    WEFT_RETURN_IF_ERROR(
        session.Execute(store_sql::kRecordMigration, {migration.version, migration.name}).status());
  }
  WEFT_LOG(kInfo, "state store migrated",
           {{"version", migration.version}, {"name", migration.name}});
  return absl::OkStatus();
}

absl::Status MigrateLocked(mysql::Session& session, const std::string& database,
                           const std::vector<Migration>& migrations) {
  WEFT_ASSIGN_OR_RETURN(const Contents contents, Inspect(session, database));
  if (contents.tables > 0 && !contents.versioned) return NotOurs(database, contents.tables);
  if (!contents.exists) {
    WEFT_RETURN_IF_ERROR(session.Execute(
        absl::StrCat(store_sql::kCreateDatabase, mysql::QuoteIdentifier(database))));
  }
  WEFT_RETURN_IF_ERROR(Use(session, database));
  WEFT_RETURN_IF_ERROR(session.Execute(store_sql::kPrepareSession));
  if (!contents.versioned) WEFT_RETURN_IF_ERROR(session.Execute(store_sql::kCreateSchemaVersion));
  WEFT_ASSIGN_OR_RETURN(const SchemaVersions versions, ReadSchemaVersions(session));
  const int expected = migrations.empty() ? 0 : migrations.back().version;
  if (versions.compatible_from > expected) return SchemaNewer(versions.found, expected);
  for (const Migration& migration : migrations) {
    if (migration.version > versions.found) WEFT_RETURN_IF_ERROR(ApplyOne(session, migration));
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<Migration>& StoreMigrations() {
  static const auto& migrations = *new std::vector<Migration>{
      {1, "record", kRecord},
      {2, "writes", kWrites},
      {3, "promotion_rule", kPromotionRule},
      {4, "users", kUsers},
      {5, "lossless", kLossless, /*compatible_from=*/4},
      {6, "provisioner", kProvisioner, /*compatible_from=*/4},
      {7, "hooks", kHooks, /*compatible_from=*/4},
      {8, "durability", kDurability, /*compatible_from=*/4},
  };
  return migrations;
}

int StoreSchemaVersion() { return StoreMigrations().back().version; }

std::vector<std::string> SplitStatements(absl::string_view sql) {
  std::vector<std::string> statements;
  std::string delimiter = ";";
  std::string statement;
  for (absl::string_view line : absl::StrSplit(sql, '\n')) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(line);
    if (statement.empty() && (trimmed.empty() || absl::StartsWith(trimmed, "--"))) continue;
    absl::string_view rest = trimmed;
    if (statement.empty() && absl::ConsumePrefix(&rest, "DELIMITER ")) {
      delimiter = std::string(absl::StripAsciiWhitespace(rest));
      continue;
    }
    absl::string_view kept = absl::StripTrailingAsciiWhitespace(line);
    const bool ends = absl::ConsumeSuffix(&kept, delimiter);
    absl::StrAppend(&statement, statement.empty() ? "" : "\n",
                    absl::StripTrailingAsciiWhitespace(kept));
    if (ends) statements.push_back(std::exchange(statement, ""));
  }
  if (!statement.empty()) statements.push_back(std::move(statement));
  return statements;
}

absl::StatusOr<SchemaVersions> ReadSchemaVersions(mysql::Session& session) {
  SchemaVersions versions;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(store_sql::kSchemaVersion));
  if (!rows.empty()) versions.found = static_cast<int>(rows.front().IntOr("version", 0));
  versions.compatible_from = versions.found;
  const absl::StatusOr<mysql::ResultSet> added = session.Query(store_sql::kSchemaAdditions);
  if (mysql::MysqlErrorCode(added.status()) == mysql::kErrUnknownTable) return versions;
  if (!added.ok()) return added.status();
  if (added->empty()) return versions;
  const auto value = [&added](absl::string_view name) {
    return static_cast<int>(added->front().IntOr(name, 0));
  };
  versions.found = std::max(versions.found, value("version"));
  versions.compatible_from = std::max(versions.compatible_from, value("compatible_from"));
  return versions;
}

absl::Status CheckSchema(const SchemaVersions& versions, int known) {
  if (versions.Bears(known)) return absl::OkStatus();
  if (versions.found == 0) return SchemaMissing(known);
  if (versions.found < known) return SchemaOlder(versions.found, known);
  return SchemaNewer(versions.found, known);
}

absl::StatusOr<int> FindSchemaVersion(mysql::Session& session, const std::string& database) {
  WEFT_ASSIGN_OR_RETURN(const Contents contents, Inspect(session, database));
  if (!contents.versioned) return 0;
  WEFT_RETURN_IF_ERROR(Explain(Use(session, database), session, database));
  WEFT_ASSIGN_OR_RETURN(const SchemaVersions versions, ReadSchemaVersions(session));
  return versions.found;
}

absl::Status Migrate(mysql::Session& session, const std::string& database, absl::Duration lock_wait,
                     const std::vector<Migration>& migrations) {
  WEFT_RETURN_IF_ERROR(CheckServer(session));
  WEFT_ASSIGN_OR_RETURN(const auto lock, SchemaLock::Take(session, database, lock_wait));
  return Explain(MigrateLocked(session, database, migrations), session, database);
}

absl::Status DropSchema(mysql::Session& session, const std::string& database,
                        absl::Duration lock_wait) {
  WEFT_ASSIGN_OR_RETURN(const auto lock, SchemaLock::Take(session, database, lock_wait));
  WEFT_ASSIGN_OR_RETURN(const Contents contents, Inspect(session, database));
  if (contents.tables > 0 && !contents.versioned) return NotOurs(database, contents.tables);
  return Explain(
      session.Execute(absl::StrCat(store_sql::kDropDatabase, mysql::QuoteIdentifier(database))),
      session, database);
}

std::string StoreGrant(absl::string_view database, absl::string_view user) {
  return absl::StrCat(store_sql::kGrantRights, mysql::QuoteIdentifier(database), ".* TO ",
                      mysql::QuoteAccount(user, "%"));
}

std::vector<std::string> StoreMemberGrants(absl::string_view user) {
  std::vector<std::string> grants;
  for (const absl::string_view grant : {store_sql::kGrantMembers, store_sql::kGrantMemberStats}) {
    grants.push_back(absl::StrCat(grant, mysql::QuoteAccount(user, "%")));
  }
  return grants;
}

}  // namespace weft::controller
