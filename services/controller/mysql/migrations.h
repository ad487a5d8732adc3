#pragma once
// The schema of the state store and its forward migrations.
//
// A migration is a file schema/NNNN_name.sql, applied once, in order, and then recorded in the
// table schema_version. The server commits each statement about tables by itself, so a migration
// can be cut off half-way; it is then run again from its start, and so must bear being run twice:
// errors that say "this is already so" are passed over. A migration that has been released never
// changes.
//
// A migration that only adds (tables, columns with defaults, procedures of new names) says from
// which schema version on programs bear it, and is recorded in schema_addition: programs of that
// version compare the greatest number in schema_version alone, and go on working, so that version
// N-1 works beside N. Every other migration locks older programs out.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mysql/session.h"

namespace weft::controller {

struct Migration {
  int version = 0;  // 1, 2, 3, ... without gaps
  absl::string_view name;
  absl::string_view sql;
  // Programs that know the schema of this version may use the one that this migration makes;
  // 0: only those that know the migration itself.
  int compatible_from = 0;
};

// What is in a store.
struct SchemaVersions {
  int found = 0;            // the newest migration; 0: there is no schema
  int compatible_from = 0;  // programs that know less than this must leave the store alone

  // Whether a program that knows versions up to `known` may work with it.
  bool Bears(int known) const { return found >= known && compatible_from <= known; }
};

// All that this binary knows, in order. The last one's version is the schema it needs.
const std::vector<Migration>& StoreMigrations();
int StoreSchemaVersion();

// A file's statements as a server takes them. A line that ends with the delimiter (";" unless a
// line "DELIMITER //" says otherwise, as for the mysql client) ends a statement; lines that begin
// with
// "--" between statements are left out. Pure.
std::vector<std::string> SplitStatements(absl::string_view sql);

// The calls below take a session without statement timeout worth mentioning (tables are made) that
// may have any database selected.

// The version of the schema in `database`; 0 when there is none.
absl::StatusOr<int> FindSchemaVersion(mysql::Session& session, const std::string& database);

// The same of the database that is selected: an error where it holds no schema_version.
absl::StatusOr<SchemaVersions> ReadSchemaVersions(mysql::Session& session);

// OK, or NO_SCHEMA, SCHEMA_OLDER, SCHEMA_NEWER: whether a program of schema version `known` may use
// it.
absl::Status CheckSchema(const SchemaVersions& versions, int known);

// Makes the database if need be and applies what is missing of `migrations`, under a lock that is
// waited for at most `lock_wait` and that ends with the session at the latest. Repeatable.
// FAILED_PRECONDITION:
//   SCHEMA_NEWER        the schema is newer than `migrations` and does not bear older programs;
//                       nothing is touched (nor where it bears them, which is OK)
//   STORE_VERSION       the server is older than MySQL 8.4, or MariaDB
//   DATABASE_NOT_EMPTY  the database holds tables of somebody else
//   STORE_PRIVILEGES    the account lacks a right; the GRANT is named
// ABORTED SETUP_RUNNING: another set-up holds the lock.
absl::Status Migrate(mysql::Session& session, const std::string& database, absl::Duration lock_wait,
                     const std::vector<Migration>& migrations);

// Drops the database, under the same lock. OK when there is none; FAILED_PRECONDITION
// DATABASE_NOT_EMPTY when it is not one of ours.
absl::Status DropSchema(mysql::Session& session, const std::string& database,
                        absl::Duration lock_wait);

// What the account of the state store needs there, as a GRANT statement for a person.
std::string StoreGrant(absl::string_view database, absl::string_view user);
// And in addition on each member of a replicated one.
std::vector<std::string> StoreMemberGrants(absl::string_view user);

}  // namespace weft::controller
