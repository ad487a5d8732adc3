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
  // Keeps writers away until Release, and definitions and accounts as they are for as long as it
  // lives, where the version can (8.0 on).
  std::unique_ptr<mysql::Session> keeper;
  bool keeps_definitions = false;
};

// Writers wait from here on (FLUSH TABLES WITH READ LOCK) until Release, which is to come soon.
// Where a statement runs that the lock must wait for, or an XA transaction stays prepared, it is
// tried again, and ABORTED SOURCE_BUSY at last.
absl::StatusOr<Snapshot> TakeSnapshot(const FarmAccess& access, const HostPort& source, int readers,
                                      Clock* clock);

// Lets writers go on. May be repeated.
absl::Status Release(Snapshot& snapshot);

}  // namespace weft::provisioner
