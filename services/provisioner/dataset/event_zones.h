#pragma once

#include "absl/status/status.h"
#include "common/model/ids.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Whether the target of a copy by rows can make the source's events: one whose schedule is in a
// named time zone needs that in the target's time zone tables. FAILED_PRECONDITION
// UNKNOWN_TIME_ZONE, before anything is touched.
absl::Status CheckEventZones(const FarmAccess& access, const HostPort& source,
                             const HostPort& target);

}  // namespace weft::provisioner
