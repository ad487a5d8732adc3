#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/ids.h"
#include "common/mysql/dialect.h"
#include "common/mysql/session.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/mysql/receiver_memory.h"

namespace weft::controller {

// Whether commits wait in vain. A replica that had received a transaction before it was attached as
// an acknowledger never acknowledges it: with GTIDs it is not sent again. The commit then waits for
// the next transaction, whoever writes it (seen on 9.7; for ever, when all clients wait). Pure.
class CommitMemory {
 public:
  // True when enough replicas could acknowledge, commits wait, and none has been acknowledged for
  // kPatience. `acknowledged` is the server's count; `now` is monotonic.
  bool InVain(const SemiSync& seen, uint64_t acknowledged, absl::Duration now);

  // Commits could be acknowledged and wait, and nothing was since the look before: it is worth
  // looking again after kPatience.
  bool suspicious() const { return suspicious_; }

  // The server did not answer. One that hung and woke may have been deposed meanwhile, and counts
  // replicas that are gone until its next heartbeats to them fail: nothing is in vain for a while.
  void Interrupt(absl::Duration now) { not_before_ = now + kAfterSilence; }

  static constexpr absl::Duration kPatience = absl::Milliseconds(50);
  static constexpr absl::Duration kAfterSilence = absl::Seconds(2);

 private:
  std::optional<absl::Duration> not_before_;
  std::optional<absl::Duration> since_;
  uint64_t acknowledged_ = 0;
  bool suspicious_ = false;
};

// What looking at a server remembers from one look to the next.
struct LookMemory {
  // Of one session; Prime fills it, a new session must prime again.
  ServerUuid uuid;
  HostPort admin;  // its administrative interface; empty: none
  mysql::Dialect dialect;
  mysql::SemiSyncLoaded semi_sync;
  bool commits_in_vain = false;  // as of the last look
  // Not empty: a clone onto the server has failed, or goes on, and its data are not whole.
  std::string half_cloned;
  bool replica_preset = false;
  bool reads_accounts = false;  // the accounts of replicas' own are asked for
  std::string no_accounts_because;
  bool loads_persisted = false;  // at its start, what is persisted on it
  std::string no_closed_start_because;
  std::string state_sql;

  // Across sessions.
  ReceiverMemory receiver;
  CommitMemory commits;
};

// Asks what cannot change while a session lives. A few round trips.
absl::Status Prime(mysql::Session& session, LookMemory* memory);

// One look: four round trips, five where semi-synchronous replication is on or may be. `received`
// is read before `executed`. REQUIRES: `memory` was primed with this session. Fills everything but
// contact, error and silent_for.
absl::StatusOr<Observation> LookAt(mysql::Session& session, LookMemory* memory,
                                   absl::Duration monotonic_now);

}  // namespace weft::controller
