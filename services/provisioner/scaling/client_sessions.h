#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/ids.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// How many sessions of clients a server has, whatever they do; `own` are the users of Weft's
// accounts. Blocks for seconds. Errors as FarmAccess::Open.
absl::StatusOr<int> CountClientSessions(const FarmAccess& access, const HostPort& server,
                                        const std::vector<std::string>& own);

}  // namespace weft::provisioner
