#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/cli/sandbox/sandbox.h"

namespace weft::cli::sandbox {

// INVALID_ARGUMENT: options that no sandbox can be made of.
absl::Status CheckOptions(const UpOptions& options);

// RESOURCE_EXHAUSTED: `dir`, which exists, has too little room for so many servers.
absl::Status CheckSpace(const std::string& dir, int servers);

}  // namespace weft::cli::sandbox
