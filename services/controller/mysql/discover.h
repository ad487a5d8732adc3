#pragma once

#include "absl/status/statusor.h"
#include "common/mysql/session.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// Whom the server at the other end of `session` replicates from, and who replicates from it, by
// the addresses that it knows (report_host, else the host of the connection). A few round trips.
absl::StatusOr<Farm::Neighbours> DiscoverFrom(mysql::Session& session);

}  // namespace weft::controller
