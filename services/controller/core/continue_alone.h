#pragma once

#include <optional>

#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What becomes of commits that nobody acknowledges (rule 3). Pure.

// True when fewer servers acknowledge than commits need: as far as this controller sees, and by the
// word of the primary, too. Only Weft may be cut off from those who acknowledge. REQUIRES:
// `still_for` is filled.
bool LacksAcknowledgements(const Snapshot& snapshot);

// The empty set, where a group that may go on alone has waited for long enough. From then on
// commits need no acknowledgement, and a failover is refused: so it is on record before they are
// released.
std::optional<SetAcknowledgers> ContinueAlone(const Snapshot& snapshot);

}  // namespace weft::controller
