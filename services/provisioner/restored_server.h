#pragma once

#include "absl/status/status.h"
#include "services/provisioner/dataset/farm_access.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// A server that was made of another's data has its channels too. They are stopped and forgotten,
// and replication starts with the server again from now on. One that does not let the manage
// account in is left as it is, which is logged. Blocks for seconds. Errors of sessions: UNAVAILABLE
// where it does not answer.
absl::Status DetachRestored(const FarmAccess& access, const MachineAddress& address);

}  // namespace weft::provisioner
