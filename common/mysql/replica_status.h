#pragma once
// What a replica says about its replication, of whatever version, as values.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/gtid_set.h"
#include "common/mysql/dialect.h"
#include "common/mysql/result_set.h"

namespace weft::mysql {

class Session;

enum class ReceiverState { kStopped, kConnecting, kRunning };

// One replication channel of a server.
struct ReplicaStatus {
  std::string channel;  // "" is the default channel
  std::string source_host;
  int source_port = 0;
  std::string source_user;
  std::string source_uuid;  // "" before the first contact
  uint64_t source_server_id = 0;

  ReceiverState receiver = ReceiverState::kStopped;
  bool applier_running = false;
  std::string receiver_text;  // what the thread says it does
  std::string applier_text;

  int receiver_errno = 0;
  std::string receiver_error;
  int applier_errno = 0;
  std::string applier_error;

  // Received since the relay logs began (may miss what was purged from them), and all that is
  // executed.
  GtidSet retrieved;
  GtidSet executed;
  bool auto_position = false;

  std::optional<absl::Duration> lag;    // Seconds_Behind_Source; nullopt: the server does not know
  std::optional<absl::Duration> delay;  // configured
  absl::Duration connect_retry = absl::ZeroDuration();
  bool tls = false;
  // The replication filters in force, "" when there are none.
  std::string filters;

  bool operator==(const ReplicaStatus&) const = default;
};

// The receiver's last attempt reached the source, which did not let it in: its account is locked,
// or account or password are wrong.
bool LoginRefused(const ReplicaStatus& status);

// The receiver tries to reach its source for the first time since it was started, and that attempt
// has not ended. One that lost a connection it had says that it reconnects.
bool InFirstAttempt(const ReplicaStatus& status);

// Reads the rows of show_replica_status of any version. InvalidArgument when a GTID set does not
// parse (MariaDB).
absl::StatusOr<std::vector<ReplicaStatus>> ParseReplicaStatus(const ResultSet& rows);

// One round trip. Empty when the server is no replica. Blocks up to the session's timeouts.
absl::StatusOr<std::vector<ReplicaStatus>> ReadReplicaStatus(Session& session,
                                                             const Dialect& dialect);

// The receiver's last signs of life, from performance_schema, by the server's own clock.
struct ReceiverProgress {
  std::string channel;
  GtidSet received;
  uint64_t heartbeats = 0;
  // Since the last heartbeat or event; nullopt when there was none yet. A source that is alive
  // sends one of them at least every heartbeat period.
  std::optional<absl::Duration> silence;
  absl::Duration heartbeat_period = absl::InfiniteDuration();  // infinite: none are asked for

  bool operator==(const ReceiverProgress&) const = default;
};

absl::StatusOr<std::vector<ReceiverProgress>> ParseReceiverProgress(const ResultSet& rows);

// One round trip. Unimplemented where the version has no such tables
// (dialect.can.replication_tables).
absl::StatusOr<std::vector<ReceiverProgress>> ReadReceiverProgress(Session& session,
                                                                   const Dialect& dialect);

// Blocks until the server has executed all of `set` (true) or `timeout` has passed (false); before
// 8.0 whole seconds count, rounded up. The session's own timeouts must be longer. An error when no
// applier runs and the version cannot wait without one (5.6).
absl::StatusOr<bool> WaitForExecuted(Session& session, const Dialect& dialect, const GtidSet& set,
                                     absl::Duration timeout);

}  // namespace weft::mysql
