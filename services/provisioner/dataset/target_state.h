#pragma once

#include "absl/status/status.h"
#include "common/model/gtid_set.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/farm_access.h"

// What is done to a target before a copy, after it, and when it failed. All may be repeated.
namespace weft::provisioner {

// It follows nobody and acknowledges nothing: every replication channel is stopped and forgotten,
// by its name, and the replica's side of semi-sync is off. `manager` is of the manage account.
absl::Status Detach(mysql::Session& manager);

// Lifts read_only and super_read_only, which a copy cannot work under.
absl::Status Open(mysql::Session& restorer);

// Read-only for everybody, as it was asked for nobody yet: what is written now would be errant.
absl::Status Close(mysql::Session& restorer);

// Leaves it without schemas of users but for the mark of an unfinished copy. Accounts and GTIDs
// stay. `restorer` is of the restore account, whose other statements are ended. A clone whose
// server died leaves folders behind in whose place no schema can be made: those of a server of this
// machine are removed.
absl::Status DropSchemas(mysql::Session& restorer);

// The same, and without GTIDs and, in the end, the mark.
absl::Status Empty(mysql::Session& restorer);

// The same with sessions of its own, and detached and closed. UNAVAILABLE: it does not answer.
absl::Status EmptyServer(const FarmAccess& access, const HostPort& target);

// Its binary logs begin anew, behind what `executed` says. REQUIRES: no replication runs.
absl::Status TakeOverGtids(mysql::Session& restorer, const GtidSet& executed);

}  // namespace weft::provisioner
