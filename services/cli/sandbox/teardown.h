#pragma once

#include "absl/status/statusor.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/sandbox.h"

namespace weft::cli::sandbox {

// Kills every process of the sandbox and removes everything that is its own. REQUIRES: its lock.
// Works on half-made ones, and may be repeated.
absl::StatusOr<DownReport> TearDown(const Folder& folder);

}  // namespace weft::cli::sandbox
