#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

// What is done to a target before a copy, after it, and when it failed. All may be repeated.
namespace weft::provisioner {

// It follows nobody and acknowledges nothing: every replication channel is stopped and forgotten,
// by its name, and the replica's side of semi-sync is off. `manager` is of the manage account.
absl::Status Detach(mysql::Session& manager);

// Writable for everybody.
absl::Status Open(mysql::Session& restorer);

// For the copy alone: read_only, which the restore account is not bound by, keeps clients out, also
// those that are logged in; super_read_only is lifted.
absl::Status OpenForCopy(mysql::Session& restorer);

// Read-only for everybody, as it was asked for nobody yet: what is written now would be errant.
absl::Status Close(mysql::Session& restorer);

// At the end of a copy that is whole: its mark goes, and events run again as before (StopEvents)
// only when it is closed.
absl::Status CloseWhole(mysql::Session& restorer);

// What comes with the CLONE plugin's data, a channel and events that run, must not work before the
// copy is settled: from its next start on the server refuses writes and replicates from nobody.
// Returns what was persisted of super_read_only before: "" for nothing. 8.0.24 on.
absl::StatusOr<std::string> PersistClosedStart(mysql::Session& manager);
// Ends that.
absl::Status PersistStartAsBefore(mysql::Session& manager, const std::string& super_read_only);

// Leaves it without schemas of users but for the mark of an unfinished copy. Accounts and GTIDs
// stay. `restorer` is of the restore account and holds the target (HoldTarget). A clone whose
// server died leaves folders behind in whose place no schema can be made: those of a server of this
// machine are removed.
absl::Status DropSchemas(mysql::Session& restorer);

// The same, and without GTIDs and, in the end, the mark.
absl::Status Empty(mysql::Session& restorer);

// The reason of TargetNotOwn.
inline constexpr char kTargetNotOwn[] = "TARGET_NOT_OWN";
absl::Status TargetNotOwn(const HostPort& target);

// The same of the order's target with sessions of its own, held, and detached and closed.
// `held`: the order's copy got hold of it before. UNAVAILABLE: it does not answer, or TARGET_BUSY.
// ABORTED CLONE_UNDER_WAY: another copies onto it. FAILED_PRECONDITION TARGET_NOT_OWN: another has
// begun to, or nothing says that this copy ever did, so it is left as it is.
absl::Status EmptyServer(const FarmAccess& access, const CopyOrder& order, bool held, Clock* clock);

// Its binary logs begin anew, behind what `executed` says. REQUIRES: no replication runs.
absl::Status TakeOverGtids(mysql::Session& restorer, const GtidSet& executed);

// ABORTED TARGET_WRITTEN_TO: its binary log is no longer as Empty left it, so somebody with the
// rights to write to a read-only server did. Without their GTIDs these writes would pass for the
// source's.
absl::Status CheckUnwritten(mysql::Session& restorer);
// The same of a closed server that was cloned: it has transactions that did not come with the
// clone.
absl::Status CheckUnwrittenClone(mysql::Session& restorer);

}  // namespace weft::provisioner
