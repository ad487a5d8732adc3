#pragma once

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Makes one copy by `method` (not kAuto), which JudgeCopy allowed. Blocks until the target holds
// the data and the GTIDs of the source, is read-only and replicates from nobody. May be begun anew
// at any point of an earlier run. Errors: CANCELLED; ABORTED CLONE_UNDER_WAY, of a target that
// another copy is at work on, which is left to that; UNAVAILABLE TARGET_BUSY (target_hold.h);
// FAILED_PRECONDITION DISK_TOO_SMALL, whatever says that a disk is full; those of the methods.
// After another error the target is empty, read-only and replicates from nobody, or the message
// says why that could not be done; metadata "target" is "empty" or "unknown". A copy that never got
// hold of the target, and resumes none, leaves it as it is and says so ("unknown"). `lost`: asked
// after a failure; true: another provisioner goes on with this copy, so the target is left as it
// is.
absl::StatusOr<CopyFigures> RunCopy(const FarmAccess& access, CopyMethod method,
                                    const CopyOrder& order, const CopyWatch& watch,
                                    const std::function<bool()>& lost, Clock* clock);

// What RunCopy does after an error: empties the target, trying for order.patience, or
// for half an hour where killed sessions still undo their work there, and returns `failure` with
// what became of it. `held`: the copy got hold of the target (CopyWatch::on_hold). `watch` is asked
// before each attempt whether it may be emptied, and `lost`; true ends them.
absl::Status LeaveEmpty(const FarmAccess& access, const CopyOrder& order, bool held,
                        const absl::Status& failure, const CopyWatch& watch,
                        const std::function<bool()>& lost, Clock* clock);

}  // namespace weft::provisioner
