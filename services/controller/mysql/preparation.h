#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysql/dialect.h"
#include "services/controller/mysql/turn.h"

// What a server needs before it may take part: read-only at every start, and the plugins of
// semi-synchronous replication. Part of the steps, so that no server can miss it.
namespace weft::controller {

// FindSemiSync, installing both plugins first where the version has them (kept out of the binary
// log). FAILED_PRECONDITION, reason SEMI_SYNC_UNAVAILABLE, when they cannot be had; empty names,
// without an error, where the version has none that is lossless.
absl::StatusOr<mysql::SemiSyncLoaded> PrepareSemiSync(Turn& turn);

// From its next start on the server refuses writes until Weft says otherwise (rule 9). Where the
// version cannot persist settings its my.cnf must say so, and admission warns. A missing privilege
// is logged, no error: the settings file may say it already.
absl::Status PersistReadOnlyStart(Turn& turn);

// Runs `work`, whose statements super_read_only forbids even to Weft, without writing the binary
// log. read_only stays on meanwhile, so that only administrators could write. The server is as
// before afterwards, also after an error, unless the session broke: then the next look shows it.
absl::Status WithoutSuperReadOnly(Turn& turn, const std::function<absl::Status()>& work);

}  // namespace weft::controller
