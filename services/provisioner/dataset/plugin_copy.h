#pragma once

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Loads the CLONE plugin on both servers where it is not. FAILED_PRECONDITION METHOD_UNAVAILABLE
// with the SQL that fails: one of them cannot load it.
absl::Status InstallClonePlugins(const FarmAccess& access, const CopyOrder& order);

// Copies by the CLONE plugin (8.0.24 on). Blocks until the target has restarted by itself (it needs
// a supervisor), answers, is read-only, and replicates from nobody. Its uuid and persisted settings
// stay its own; data, accounts, plugins and GTIDs are the source's. Errors: CANCELLED; INTERNAL
// CLONE_FAILED with what the server says; ABORTED TARGET_WRITTEN_TO; FAILED_PRECONDITION
// METHOD_UNAVAILABLE, DISK_TOO_SMALL; UNAVAILABLE CLONE_NOT_BACK, SOURCE_LOST: the source did not
// answer for 15 s to a minute. After an error the target may hold anything: EmptyServer it.
absl::StatusOr<CopyFigures> CopyByPlugin(const FarmAccess& access, const CopyOrder& order,
                                         const CopyWatch& watch, Clock* clock);

}  // namespace weft::provisioner
