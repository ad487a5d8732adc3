#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/mysql/bulk_session.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// One state of a server, seen alike by several sessions, and the GTIDs it is the work of.
struct Snapshot {
  std::vector<std::unique_ptr<mysql::BulkSession>> readers;
  GtidSet executed;
  // Keeps definitions as they are where the version can (8.0 on), and writers of tables without
  // transactions away until Release.
  std::unique_ptr<mysql::Session> keeper;
};

// Writers wait while the sessions are opened (FLUSH TABLES WITH READ LOCK): some milliseconds,
// unless a statement runs that the lock must wait for. Then it is tried again, and ABORTED
// SOURCE_BUSY at last. `keep_locked`: the global lock stays until Release, for tables without
// transactions.
absl::StatusOr<Snapshot> TakeSnapshot(const FarmAccess& access, const HostPort& source, int readers,
                                      bool keep_locked, Clock* clock);

// Lets writers go on. May be repeated.
absl::Status Release(Snapshot& snapshot);

}  // namespace weft::provisioner
