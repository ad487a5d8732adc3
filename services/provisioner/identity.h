#pragma once
// Which server, and which host, an address means.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/ids.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// The uuid of the server that answers at an address, asked by the manage account. Blocks for
// seconds. Errors of sessions: RESOURCE_EXHAUSTED where it has no room for another.
absl::StatusOr<ServerUuid> ServerAt(const FarmAccess& access, const HostPort& address);

// The numeric addresses of a host; its own where `host` is one. Blocks for as long as the system's
// resolver does. NOT_FOUND: the name stands for none; UNAVAILABLE: the resolver does not tell.
absl::StatusOr<std::vector<std::string>> AddressesOf(const std::string& host);

}  // namespace weft::provisioner
