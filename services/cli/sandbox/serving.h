#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace weft::cli::sandbox {

// Asks the gRPC health service at `address` (loopback, plain text) about the whole process. OK: it
// serves. UNAVAILABLE: it does not, or nobody answers within `timeout`. Blocks that long at most.
absl::Status AskServing(const std::string& address, absl::Duration timeout);

}  // namespace weft::cli::sandbox
