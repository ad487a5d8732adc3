#pragma once

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Copies by rows, from any version to the same or a later one: a consistent state is read over
// several connections and loaded over as many, part by part, with nothing staged in between. Also
// copied: definitions of all kinds with their definers, accounts (account_copy.h), the GTIDs. The
// target is emptied first and marked (sql::kMark) until all is there; nothing of it is written to
// its binary log. Meanwhile neither clients nor events write to it. Blocks until the end. Errors:
// CANCELLED; ABORTED CLONE_UNDER_WAY, SOURCE_BUSY, TARGET_TAKEN_OVER, TARGET_WRITTEN_TO;
// UNAVAILABLE SOURCE_LOST; those of the servers, with what was being copied. After an error the
// target holds a part: EmptyServer it.
absl::StatusOr<CopyFigures> CopyByRows(const FarmAccess& access, const CopyOrder& order,
                                       const CopyWatch& watch, Clock* clock);

}  // namespace weft::provisioner
