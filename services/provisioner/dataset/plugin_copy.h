#pragma once

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Copies by the CLONE plugin (8.0.17 on). Blocks until the target has restarted by itself (it needs
// a supervisor), answers, is read-only, and replicates from nobody. Its uuid and persisted settings
// stay its own; data, accounts, plugins and GTIDs are the source's. Errors: CANCELLED; INTERNAL
// CLONE_FAILED with what the server says; FAILED_PRECONDITION PLUGIN_MISSING before anything was
// changed, DISK_TOO_SMALL; UNAVAILABLE CLONE_NOT_BACK. After an error the target may hold anything:
// EmptyServer it.
absl::StatusOr<CopyFigures> CopyByPlugin(const FarmAccess& access, const CopyOrder& order,
                                         const CopyWatch& watch, Clock* clock);

}  // namespace weft::provisioner
