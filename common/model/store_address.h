#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/ids.h"

namespace weft {

// The members of the state store, as the flag --store names them: one "host:port", or those of a
// Group Replication cluster. INVALID_ARGUMENT for none, for one that cannot be read, and for one
// named twice, which would count as two of a majority.
absl::StatusOr<std::vector<HostPort>> ParseStoreAddress(const std::vector<std::string>& members);

}  // namespace weft
