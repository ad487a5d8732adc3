#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/copy.h"

namespace weft::provisioner {

// Makes `order` the only copy at work on its target, for as long as the session lives: it gets a
// lock on the server, and every other session of its account is ended, also an idle one: it may be
// of a maker that was thought dead. REQUIRES: no other session of this copy to the target, and none
// but those that are opened from here on; who opens one asks this one afterwards whether it still
// lives. `restorer` is of the restore account. Blocks for two minutes at most. ABORTED
// CLONE_UNDER_WAY: another's copy is at work. UNAVAILABLE TARGET_BUSY: it is not, but sessions that
// were ended still undo what they did.
absl::Status HoldTarget(mysql::Session& restorer, const CopyOrder& order, Clock* clock);

// Whether the copy that is noted on the target is the order's; `unnoted` where none is.
absl::StatusOr<bool> IsOwnTarget(mysql::Session& restorer, const CopyOrder& order, bool unnoted);

}  // namespace weft::provisioner
