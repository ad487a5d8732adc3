#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/provisioner/copies/group_directory.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// That no group has a server on a machine: at one of its addresses, or of its uuid, which of some
// providers is its server's. Blocks as `groups` does. FAILED_PRECONDITION MACHINE_IN_GROUP;
// GROUPS_UNKNOWN: no controller tells.
absl::Status CheckNoMember(GroupDirectory* groups, const std::string& machine,
                           const std::vector<MachineAddress>& addresses);

}  // namespace weft::provisioner
