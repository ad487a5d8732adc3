#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysql/dialect.h"
#include "services/controller/mysql/turn.h"

// Switching semi-synchronous replication, source side and replica side.
namespace weft::controller {

// Whose semi-sync variables the server has; empty names where a plugin is not loaded, or the
// version has none that is lossless.
absl::StatusOr<mysql::SemiSyncLoaded> FindSemiSync(Turn& turn);

// Commits wait for `wait_for` acknowledgements, for ever. One statement.
absl::Status Arm(Turn& turn, const mysql::SemiSyncNames& names, uint32_t wait_for);

// OK where they do; else FAILED_PRECONDITION, reason NOT_ARMED.
absl::Status RequireArmed(Turn& turn, uint32_t wait_for);

// Commits wait for nobody from now on. By a timeout of zero, which takes effect at once: setting
// the variable `enabled` OFF waits up to a second for the server's acknowledgement thread, and
// until then nobody can log in to the server (seen on 9.7). Only if commits wait now is it switched
// off for good, since nothing else releases them; they then end as OK, so REQUIRES: the server is
// fenced with its clients gone, or the group no longer asks for acknowledgements (S19).
// No effect where the plugin is not loaded. Repeatable.
absl::Status Disarm(Turn& turn, const mysql::SemiSyncLoaded& loaded);

// Sets the semi-sync replica flag. It takes effect when the receiver starts next. From the server's
// next start on it is off whatever an option file says, and that is persisted only while it is off:
// so ON with OFF persisted proves that Weft set it since the server started (rule 4). A missing
// privilege to persist is logged, no error. No effect where the plugin is not loaded.
// `acknowledge`: REQUIRES that the flag is off.
absl::Status SetAcknowledge(Turn& turn, const mysql::SemiSyncLoaded& loaded, bool acknowledge);

// True when the receiver acknowledges, whatever the flag says.
absl::StatusOr<bool> Acknowledges(Turn& turn, const mysql::SemiSyncNames& names);

}  // namespace weft::controller
