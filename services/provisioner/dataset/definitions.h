#pragma once

#include "absl/status/status.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/table_plan.h"

// What of a server is no row: schemas, tables, views, routines, triggers, events. `source` reads,
// `target` is set up by kLoadSession. The target has none of them. Errors name what failed.
namespace weft::provisioner {

absl::Status CopySchemas(mysql::Session& source, mysql::Session& target);

// Empty tables. Those that are large get some of their keys later: Table::add_keys is set.
absl::Status CopyTables(mysql::Session& source, mysql::Session& target, std::vector<Table>* tables);

// Routines, views (whatever the order they need each other in), triggers and events, with their
// definers and under the settings they were made under. After the rows, so that no trigger sees
// them.
absl::Status CopyPrograms(mysql::Session& source, mysql::Session& target);

}  // namespace weft::provisioner
