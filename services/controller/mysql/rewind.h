#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/turn.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

struct RewindOrder {
  std::string group;
  ServerUuid server;
  GtidSet errant;
  bool dry_run = false;
  std::function<void(double)> progress;  // may be empty; 0..1, from the calling thread
};

// Takes the transactions of `order` back (see Farm::Rewind), by row events that are the inverse of
// those in the server's binary log, as the restore account. All are one transaction. The server
// logs it, with the rows as it found them, and that log is compared with what was meant before the
// GTIDs are reset; so nothing need be known of a value but its bytes.
//
// Others are kept out meanwhile (offline_mode), for super_read_only has to be lifted. A crash
// leaves, by what the table weft_rewind.state and gtid_executed say, one of: nothing done, the
// inverse done (it is errant too, and inverting all again is right), or the GTIDs reset and not
// yet set. While that table is there a look says that the data are not whole.
absl::StatusOr<Farm::Rewound> RewindServer(const RewindOrder& order, Turn& turn);

}  // namespace weft::controller
