#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {

// Saves the transactions of `set` from the server's binary log as SQL, row images as comments, to
// `rescue_dir`/GROUP-UUID-HASH.sql (0600), where HASH is of the transactions: repeating it gives
// the same file again, and other transactions under the same GTIDs another one. Returns its path.
// The log-in is the backup account's, its password in a 0600 file that exists while the program
// runs; never on a command line. NOT_FOUND when the binary logs no longer hold all of `set`;
// RESOURCE_EXHAUSTED beyond `rescue_limit` or on a full disk; FAILED_PRECONDITION when there is no
// mysqlbinlog.
absl::StatusOr<std::string> SaveTransactionsOf(Turn& turn, const FarmOptions& options,
                                               const std::string& group, const ServerUuid& server,
                                               const GtidSet& set);

// Writes them to the file `target`, which must not be there, and checks that all are in it. Errors
// as above; the file may then be there in part.
absl::Status WriteTransactions(Turn& turn, const FarmOptions& options, const GtidSet& set,
                               const std::string& target);

}  // namespace weft::controller
