#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "common/mysql/dialect.h"
#include "common/mysql/session.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/mysql/receiver_memory.h"

namespace weft::controller {

// What looking at a server remembers from one look to the next.
struct LookMemory {
  // Of one session; Prime fills it, a new session must prime again.
  ServerUuid uuid;
  HostPort admin;  // its administrative interface; empty: none
  mysql::Dialect dialect;
  mysql::SemiSyncLoaded semi_sync;
  bool replica_preset = false;
  std::string state_sql;

  // Across sessions.
  ReceiverMemory receiver;
};

// Asks what cannot change while a session lives. A few round trips.
absl::Status Prime(mysql::Session& session, LookMemory* memory);

// One look: four round trips, five on an armed source. `received` is read before `executed`.
// REQUIRES: `memory` was primed with this session. Fills everything but contact, error and
// silent_for.
absl::StatusOr<Observation> LookAt(mysql::Session& session, LookMemory* memory,
                                   absl::Duration monotonic_now);

}  // namespace weft::controller
