#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/replica_account.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/fence.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/receiver_memory.h"
#include "services/controller/mysql/relay_log.h"
#include "services/controller/mysql/replica.h"
#include "services/controller/mysql/replica_account.h"
#include "services/controller/mysql/semi_sync.h"
#include "services/controller/mysql/steps.h"

namespace weft::controller {
namespace {

// How long a receiver may take to connect, then to agree with its source on semi-sync (a few round
// trips), and all of that with its repetitions.
constexpr absl::Duration kConnectPatience = absl::Milliseconds(500);
constexpr absl::Duration kAgreePatience = absl::Milliseconds(50);
constexpr absl::Duration kAcknowledgePatience = absl::Seconds(2);
constexpr absl::Duration kPause = absl::Milliseconds(2);

// What Follow must know of a server before it changes anything.
struct Present {
  mysql::ReplicaStatus replica;
  mysql::SemiSyncLoaded semi_sync;
  bool fenced = false;
  bool offline = false;
  bool source_armed = false;
  bool flag = false;          // the semi-sync replica flag
  bool acknowledges = false;  // the receiver runs in semi-sync mode, whatever the flag says
  int64_t net_timeout = 0;
  GtidSet executed;
};

absl::StatusOr<Present> ReadPresent(Turn& turn) {
  Present present;
  WEFT_ASSIGN_OR_RETURN(present.semi_sync, PrepareSemiSync(turn));
  WEFT_ASSIGN_OR_RETURN(present.replica, ReadReplica(turn));
  const bool super = turn.dialect().can.super_read_only;
  std::string select(super ? sql::kReadOnlyState : sql::kReadOnlyStateOld);
  absl::StrAppend(&select, ", @@GLOBAL.", turn.dialect().net_timeout, " AS net_timeout, ",
                  sql::kExecutedColumn);
  if (present.semi_sync.source != nullptr) {
    absl::StrAppend(&select, ", @@GLOBAL.", present.semi_sync.source->source_enabled,
                    " AND @@GLOBAL.", present.semi_sync.source->source_timeout, " > 0 AS armed");
  }
  if (present.semi_sync.replica != nullptr) {
    absl::StrAppend(&select, ", @@GLOBAL.", present.semi_sync.replica->replica_enabled, " AS flag");
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(select));
  if (rows.empty()) return absl::InternalError("the server gave no row for its own state");
  const mysql::ResultSet::Row row = rows.front();
  present.fenced = row.BoolOr(super ? "super_read_only" : "read_only", false);
  present.offline = row.BoolOr("offline_mode", false);
  present.source_armed = row.BoolOr("armed", false);
  present.flag = row.BoolOr("flag", false);
  present.net_timeout = row.IntOr("net_timeout", 0);
  WEFT_ASSIGN_OR_RETURN(present.executed, GtidSet::Parse(row.StringOr("executed", "")));
  if (present.semi_sync.replica == nullptr) return present;
  WEFT_ASSIGN_OR_RETURN(present.acknowledges, Acknowledges(turn, *present.semi_sync.replica));
  return present;
}

bool IsAtSource(const Follow& step, const mysql::ReplicaStatus& replica) {
  return replica.source_host == step.source_address.host &&
         replica.source_port == step.source_address.port;
}

// It does, or would as soon as it connects.
bool ReceivesFromElsewhere(const Follow& step, const mysql::ReplicaStatus& replica) {
  return replica.receiver != mysql::ReceiverState::kStopped && !IsAtSource(step, replica);
}

// The flag will say that it has lost nothing.
absl::Status CheckHolds(const Follow& step, const Present& present, Turn& turn) {
  const GtidSet lacks = step.holds.Minus(present.replica.retrieved.Union(present.executed));
  if (lacks.Empty()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "RESTARTED_MEANWHILE",
                         absl::StrCat(turn.address().ToString(),
                                      " has lost what it had received since it was looked at"),
                         "what it held", absl::StrCat("lacks ", lacks.ToString()),
                         "it is looked at again");
}

// Whatever role it had: it refuses writes, waits for nobody's acknowledgement and lets readers in.
absl::Status BecomeReplica(const Follow& step, const Present& present, Turn& turn) {
  if (!present.fenced) WEFT_RETURN_IF_ERROR(MakeReadOnly(turn, {.kill_sessions = false}));
  // An armed replica's applier would wait for acknowledgements that never come.
  if (present.source_armed) WEFT_RETURN_IF_ERROR(Disarm(turn, present.semi_sync));
  if (present.offline) {
    WEFT_RETURN_IF_ERROR(turn.Change("letting clients in again", sql::kOfflineOff));
  }
  WEFT_RETURN_IF_ERROR(PersistReadOnlyStart(turn));
  const int64_t net_timeout = absl::ToInt64Seconds(turn.options().replica_net_timeout);
  if (present.net_timeout != net_timeout) {
    const absl::string_view name = turn.dialect().net_timeout;
    const std::string value = absl::StrCat(net_timeout);
    // A replica that restarts goes on by itself, so it must know the timeout by itself.
    WEFT_RETURN_IF_ERROR(turn.Change("setting the receiver's timeout",
                                     turn.dialect().can.set_persist ? sql::SetPersist(name, value)
                                                                    : sql::SetGlobal(name, value)));
  }
  if (present.flag == step.acknowledge) return absl::OkStatus();
  if (step.acknowledge) WEFT_RETURN_IF_ERROR(CheckHolds(step, present, turn));
  // The flag takes effect when the receiver connects: where this step is cut next, it must not have
  // begun to acknowledge to a primary that was deposed.
  if (step.acknowledge && ReceivesFromElsewhere(step, present.replica)) {
    WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", turn.dialect().stop_receiver));
  }
  return SetAcknowledge(turn, present.semi_sync, step.acknowledge);
}

bool FollowsAlready(const Follow& step, const Present& present) {
  const mysql::ReplicaStatus& replica = present.replica;
  if (!IsAtSource(step, replica) || !replica.auto_position || !replica.applier_running ||
      replica.receiver == mysql::ReceiverState::kStopped) {
    return false;
  }
  if (step.own_account && replica.source_user != ReplicaAccount(step.server)) return false;
  // While it connects it will read the flag anew; but not with a password that was refused.
  if (replica.receiver == mysql::ReceiverState::kConnecting) {
    return !mysql::LoginRefused(replica);
  }
  return present.semi_sync.replica == nullptr || present.acknowledges == step.acknowledge;
}

// Whoever set it up may have left the period at its default, half a minute.
absl::StatusOr<bool> HearsOftenEnough(Turn& turn) {
  absl::Duration period = absl::InfiniteDuration();
  if (turn.dialect().can.replication_tables) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(turn.dialect().receiver_progress));
    WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReceiverProgress> channels,
                          mysql::ParseReceiverProgress(rows));
    for (const mysql::ReceiverProgress& channel : channels) {
      if (channel.channel.empty()) period = channel.heartbeat_period;
    }
  } else {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(sql::kHeartbeatStatus));
    period = HeartbeatPeriodOf(rows);
  }
  return period <= turn.options().heartbeat_period;
}

absl::StatusOr<std::string> ChangeSql(const Follow& step, Turn& turn, bool position) {
  const FarmOptions& options = turn.options();
  mysql::SourceChange change;
  change.host = step.source_address.host;
  change.port = step.source_address.port;
  change.user = options.replicate.user;
  WEFT_ASSIGN_OR_RETURN(change.password, options.replicate.password());
  if (step.own_account) {
    WEFT_ASSIGN_OR_RETURN(ReplicaLogin login, LoginOfReplica(options, step.server));
    change.user = std::move(login.user);
    change.password = std::move(login.password);
  }
  change.connect_retry = options.connect_retry;
  change.retry_count = 2147483647;
  change.heartbeat_period = options.heartbeat_period;
  change.get_public_key = true;
  if (options.replicate_over_tls) change.tls = true;
  // Naming AUTO_POSITION while the applier runs is error 3081.
  if (position) change.auto_position = true;
  return turn.dialect().ChangeSource(change);
}

// Repoints the receiver alone: the applier goes on, so nothing received is lost (S16).
absl::Status ChangeReceiver(const Follow& step, const Present& present, Turn& turn) {
  WEFT_RETURN_IF_ERROR(KeepRelayLog(present.replica, turn));
  WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", turn.dialect().stop_receiver));
  // With what came until then.
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus stopped, ReadReplica(turn));
  WEFT_RETURN_IF_ERROR(KeepRelayLog(stopped, turn));
  WEFT_ASSIGN_OR_RETURN(const std::string sql, ChangeSql(step, turn, /*position=*/false));
  // What the change loses must be noticed.
  turn.LetInterrupt(false);
  WEFT_RETURN_IF_ERROR(turn.ChangeSecret("pointing the receiver at its source", sql));
  WEFT_RETURN_IF_ERROR(CheckRelayLog(stopped, present.semi_sync, turn));
  turn.LetInterrupt(true);
  return turn.Change("starting replication", turn.dialect().start_replica);
}

// Repoints both threads, after all that was received is applied.
absl::Status ChangeAll(const Follow& step, const Present& present, Turn& turn) {
  if (!present.replica.source_host.empty()) {
    WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", turn.dialect().stop_receiver));
    WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus stopped, ReadReplica(turn));
    if (!stopped.executed.Contains(stopped.retrieved)) {
      WEFT_RETURN_IF_ERROR(AwaitApplied(turn, stopped.retrieved, turn.deadline()));
    }
    WEFT_RETURN_IF_ERROR(StopReplication(turn));
  }
  WEFT_ASSIGN_OR_RETURN(const std::string sql, ChangeSql(step, turn, /*position=*/true));
  WEFT_RETURN_IF_ERROR(turn.ChangeSecret("pointing replication at its source", sql));
  return turn.Change("starting replication", turn.dialect().start_replica);
}

// A receiver that connects while its source has no semi-sync plugin yet acknowledges nothing, for
// as long as it stays connected, and commits would wait for it for ever (seen on 9.7 when a source
// was armed for the first time just after its replicas had connected). So it is started again until
// it does. One that cannot connect is no matter of this step.
absl::Status AwaitAcknowledging(const Present& present, Turn& turn) {
  const Deadline end = Deadline::After(turn.clock(), kAcknowledgePatience);
  Deadline connected = Deadline::After(turn.clock(), kConnectPatience);
  Deadline agreed;  // runs from the connection on
  absl::Duration patience = kAgreePatience;
  bool running = false;
  while (!end.Passed()) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus now, ReadReplica(turn));
    if (now.receiver != mysql::ReceiverState::kRunning) {
      running = false;
      if (now.receiver_errno != 0 || connected.Passed()) return absl::OkStatus();
    } else {
      WEFT_ASSIGN_OR_RETURN(const bool acknowledges,
                            Acknowledges(turn, *present.semi_sync.replica));
      if (acknowledges) return absl::OkStatus();
      if (!running) agreed = Deadline::After(turn.clock(), patience);
      running = true;
      if (agreed.Passed()) {
        WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", turn.dialect().stop_receiver));
        WEFT_RETURN_IF_ERROR(turn.Change("starting the receiver", turn.dialect().start_receiver));
        connected = Deadline::After(turn.clock(), kConnectPatience);
        running = false;
        // On a machine that is busy they agree later than they are connected.
        patience *= 2;
      }
    }
    turn.clock()->Sleep(kPause);
  }
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SOURCE_WITHOUT_SEMI_SYNC",
                         absl::StrCat(turn.address().ToString(),
                                      ": the source offers no semi-synchronous replication"),
                         "a source with the semi-synchronous plugin", "none",
                         "install the plugin on the source");
}

}  // namespace

absl::Status Run(const Follow& step, Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const Present present, ReadPresent(turn));
  WEFT_RETURN_IF_ERROR(BecomeReplica(step, present, turn));
  if (FollowsAlready(step, present)) {
    WEFT_ASSIGN_OR_RETURN(const bool hears_often, HearsOftenEnough(turn));
    if (hears_often) return absl::OkStatus();
  }
  const bool receiver_only = turn.dialect().can.receiver_only_change &&
                             !present.replica.source_host.empty() && present.replica.auto_position;
  WEFT_RETURN_IF_ERROR(receiver_only ? ChangeReceiver(step, present, turn)
                                     : ChangeAll(step, present, turn));
  if (!step.acknowledge || present.semi_sync.replica == nullptr) return absl::OkStatus();
  return AwaitAcknowledging(present, turn);
}

}  // namespace weft::controller
