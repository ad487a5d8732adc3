#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysql/server_version.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/table_plan.h"

// What of a server is no row: schemas, tables, views, routines, triggers, events. `source` reads,
// `target` is set up by SetUpCreator. The target has none of them. Errors name what failed.
namespace weft::provisioner {

// Sets `target` up by kLoadSession, and to take statements of a server of version `source` as that
// means them.
absl::Status SetUpCreator(mysql::Session& target, const mysql::ServerVersion& source);

// A view, routine, trigger or event, as SHOW CREATE says it.
struct Program {
  std::string schema;
  std::string name;
  std::string kind;  // "TRIGGER"
  std::string statement;
  std::string sql_mode;
  std::string collation;
  std::string time_zone;  // of events
};
// Those of one kind, whatever the order they need each other in, after the kinds that they need.
using Programs = std::vector<std::vector<Program>>;

struct Schema {
  std::string name;
  std::string statement;  // CREATE DATABASE
};
absl::StatusOr<std::vector<Schema>> ReadSchemas(mysql::Session& source);
absl::Status MakeSchemas(mysql::Session& target, const std::vector<Schema>& schemas);

// Sets Table::definition.
absl::Status ReadDefinitions(mysql::Session& source, std::vector<Table>* tables);
// Empty tables. Those that are large get some of their keys later: Table::add_keys is set.
absl::Status MakeTables(mysql::Session& target, std::vector<Table>* tables);

absl::StatusOr<Programs> ReadPrograms(mysql::Session& source);
// With their definers and under the settings they were made under. After the rows, so that no
// trigger sees them. The session is left with the modes and the time zone of one of them.
absl::Status MakePrograms(mysql::Session& target, Programs programs);

// Those of the sql_modes `modes` (with commas between them) that `version` still has. What the
// others did is in the statement, or is nothing to a program that is stored.
std::string ModesFor(const mysql::ServerVersion& version, const std::string& modes);

}  // namespace weft::provisioner
