#pragma once

#include <functional>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/link.h"
#include "services/controller/mysql/opener.h"

namespace weft::controller {

// Replaces the data of `recipient` by a clone of `donor`, by the CLONE plugin (8.0.24 on).
struct CloneOrder {
  Link* recipient = nullptr;
  ServerUuid recipient_uuid;
  Link* donor = nullptr;
  ServerUuid donor_uuid;
  Opener* opener = nullptr;
  const FarmOptions* options = nullptr;
  Clock* clock = nullptr;
  std::function<void(double)> progress;  // may be empty; 0..1, from the calling thread
};

// Blocks until the recipient has restarted by itself (it needs a supervisor), answers, is
// read-only, and replicates from nobody. Its uuid and persisted settings stay its own; data,
// accounts and plugins are the donor's. Errors: UNIMPLEMENTED CLONE_UNAVAILABLE (versions), or
// FAILED_PRECONDITION (tables of other engines than InnoDB);
// FAILED_PRECONDITION CLONE_VERSION_MISMATCH; INTERNAL CLONE_FAILED with what the server says;
// DEADLINE_EXCEEDED. After an error the recipient may be empty: its record must keep it aside.
absl::Status CloneServer(const CloneOrder& order, const Deadline& deadline);

}  // namespace weft::controller
