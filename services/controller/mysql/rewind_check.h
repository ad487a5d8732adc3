#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/row_events.h"

namespace weft::controller {

// Whether `session`, of the restore account, has the privileges that a rewind takes.
// FAILED_PRECONDITION PRIVILEGES_RESTORE names each that is missing. One round trip.
absl::Status CheckRights(mysql::Session& session, absl::string_view user);

// Whether the tables of `changes` allow that these are undone by their rows: transactional ones, as
// they were then, whose foreign keys change no rows beside the log. FAILED_PRECONDITION
// NOT_REWINDABLE names what does not. `session` may read every table; one to three round trips a
// table.
absl::Status CheckTables(const std::vector<RowChange>& changes, mysql::Session& session);

}  // namespace weft::controller
