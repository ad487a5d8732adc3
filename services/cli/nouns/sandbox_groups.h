#pragma once

#include "absl/status/status.h"
#include "common/base/interrupt.h"
#include "services/cli/sandbox/layout.h"

namespace weft::cli {

// Creates the groups of a sandbox through its controller and adds their servers; waits until each
// is in. Neither promotes nor activates. May be repeated: what exists is left alone. CANCELLED when
// interrupted.
absl::Status CreateSandboxGroups(const sandbox::Layout& layout, Interrupt* interrupt);

}  // namespace weft::cli
