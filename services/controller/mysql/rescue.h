#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {

// Saves the transactions of `set` from the server's binary log as SQL, row images as comments, to
// `rescue_dir`/GROUP-UUID-HASH.sql (0600), where HASH is of the set: repeating it with the same set
// gives the same file again. Returns its path.
// The log-in is the backup account's, its password in a 0600 file that exists while the program
// runs; never on a command line. NOT_FOUND when the binary logs no longer hold all of `set`;
// RESOURCE_EXHAUSTED beyond `rescue_limit` or on a full disk; FAILED_PRECONDITION when there is no
// mysqlbinlog.
absl::StatusOr<std::string> SaveTransactionsOf(Turn& turn, const FarmOptions& options,
                                               const std::string& group, const ServerUuid& server,
                                               const GtidSet& set);

}  // namespace weft::controller
