#pragma once

#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// The next phase that brings the group nearer to its intent, a refusal, or nothing when it is
// settled. Pure: no clock, no I/O, no log. Stateless: after a crash at any step, deciding again
// from a new look finishes or rolls back what was half done. Sources: design section 3 and 4.
Plan Decide(const Snapshot& snapshot);

}  // namespace weft::controller
