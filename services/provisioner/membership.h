#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/ids.h"
#include "services/provisioner/copies/group_directory.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// Who tells whether a group has a server on a machine. All outlive what asks. Thread-safe; each
// call blocks for seconds.
struct MembershipPorts {
  GroupDirectory* groups = nullptr;
  // Which server answers at an address (ServerAt).
  std::function<absl::StatusOr<ServerUuid>(const HostPort&)> server_at;
  // The addresses of a host's name (AddressesOf).
  std::function<absl::StatusOr<std::vector<std::string>>(const std::string&)> addresses_of;
};

// That no group has a server on a machine, under whatever name: at one of its addresses, or of its
// uuid, which of some providers is its server's; nor the server that answers there; and where none
// answers, none whose host's name stands for one of its addresses. FAILED_PRECONDITION
// MACHINE_IN_GROUP; GROUPS_UNKNOWN: no controller tells; SERVER_UNKNOWN: its server, or the
// resolver of names, is too busy to tell.
absl::Status CheckNoMember(const MembershipPorts& ports, const std::string& machine,
                           const std::vector<MachineAddress>& addresses);

}  // namespace weft::provisioner
