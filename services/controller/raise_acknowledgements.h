#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Writes acknowledged so far may be on fewer replicas than a failover would look for if commits of
// `record` came to wait for `count`.
bool RaisesAcknowledgements(const Group& record, uint32_t count);

// Puts those writes below the watermark, after the primary waits for `count` and before the record
// says so, which is the caller's. While no round of the group runs; each step has `deadline`.
// FAILED_PRECONDITION PRIMARY_NOT_REACHED; ABORTED where the record has moved.
absl::Status RaiseAcknowledgements(const Group& record, uint32_t count, absl::Duration deadline,
                                   Farm* farm, Store* store, Clock* clock);

}  // namespace weft::controller
