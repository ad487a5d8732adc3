#include "services/controller/mysql/look.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "common/model/gtid_set.h"
#include "common/model/replica_account.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/errors.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/grants.h"
#include "services/controller/mysql/semi_sync_rule.h"

namespace weft::controller {
namespace {

// What it takes to persist a setting.
constexpr absl::string_view kSetVariables = "SYSTEM_VARIABLES_ADMIN";
constexpr absl::string_view kPersistVariables = "PERSIST_RO_VARIABLES_ADMIN";

ThreadState StateOf(mysql::ReceiverState state) {
  switch (state) {
    case mysql::ReceiverState::kStopped:
      return ThreadState::kOff;
    case mysql::ReceiverState::kConnecting:
      return ThreadState::kConnecting;
    case mysql::ReceiverState::kRunning:
      return ThreadState::kOn;
  }
  return ThreadState::kOff;
}

// "source: a config file": anything but the built-in default and SET GLOBAL outlives a restart.
bool IsPreset(const std::string& source) {
  return source != "COMPILED" && source != "DYNAMIC" && !source.empty();
}

// What is persisted overrules the option file, where a start loads it.
absl::StatusOr<bool> ReplicaFlagPreset(mysql::Session& session, const LookMemory& memory) {
  if (!memory.dialect.can.set_persist || memory.semi_sync.replica == nullptr) return false;
  const absl::string_view name = memory.semi_sync.replica->replica_enabled;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet persisted, session.Query(sql::kPersisted, {name}));
  if (memory.loads_persisted && !persisted.empty()) {
    return persisted.front().BoolOr("value", true);
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet source, session.Query(sql::kVariableSource, {name}));
  return !source.empty() && IsPreset(source.front().StringOr("source", ""));
}

std::string StateSql(const LookMemory& memory) {
  std::string sql(sql::kState);
  if (memory.dialect.can.super_read_only) absl::StrAppend(&sql, sql::kSuperReadOnlyColumn);
  if (memory.reads_accounts) absl::StrAppend(&sql, sql::kReplicaAccountsColumn);
  if (memory.dialect.can.offline_mode) absl::StrAppend(&sql, sql::kOfflineColumn);
  if (memory.dialect.can.set_persist) absl::StrAppend(&sql, sql::kClosedStartColumn);
  if (const mysql::SemiSyncNames* names = memory.semi_sync.source; names != nullptr) {
    absl::StrAppend(&sql, ", @@GLOBAL.", names->source_enabled, " AS source_enabled, @@GLOBAL.",
                    names->source_timeout, " AS source_timeout, @@GLOBAL.",
                    names->source_wait_count, " AS source_wait_count, @@GLOBAL.",
                    names->source_wait_no_replica, " AS source_wait_no_replica, @@GLOBAL.",
                    names->source_wait_point, " AS source_wait_point");
    if (memory.dialect.can.replication_tables) {
      absl::StrAppend(&sql, sql::kAcknowledgementThreadColumn);
    }
  }
  if (const mysql::SemiSyncNames* names = memory.semi_sync.replica; names != nullptr) {
    absl::StrAppend(&sql, ", @@GLOBAL.", names->replica_enabled, " AS replica_enabled");
  }
  return sql;
}

// Whether a copy by other means has made the server whole since the clone that failed.
absl::StatusOr<bool> IsSettled(mysql::Session& session, const std::string& began) {
  const auto settled = session.Query(mysql::statements::kSettledClones, {began});
  if (settled.ok()) return !settled->empty();
  const int code = mysql::MysqlErrorCode(settled.status());
  const bool none = code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable ||
                    absl::IsPermissionDenied(settled.status());
  if (none) return false;
  return settled.status();
}

absl::Status FindHalfClone(mysql::Session& session, LookMemory* memory) {
  memory->half_cloned.clear();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet marked,
                        session.Query(mysql::statements::kUnfinishedCopy));
  if (!marked.empty()) {
    memory->half_cloned = "a copy of rows that has not ended";
    return absl::OkStatus();
  }
  if (!memory->dialect.can.clone_plugin) return absl::OkStatus();
  const auto rows = session.Query(mysql::statements::kHalfCloned);
  // Without the plugin there are no such tables, and there was no clone.
  if (mysql::MysqlErrorCode(rows.status()) == mysql::kErrUnknownTable) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const bool settled,
                        IsSettled(session, rows->front().StringOr("began", "")));
  if (settled) return absl::OkStatus();
  memory->half_cloned = absl::StrCat("a clone from ", rows->front().StringOr("source", "?"), ": ",
                                     rows->front().StringOr("state", "?"));
  return absl::OkStatus();
}

absl::Status FindHalfRewind(mysql::Session& session, LookMemory* memory) {
  const auto rows = session.Query(sql::kRewindState);
  const int code = mysql::MysqlErrorCode(rows.status());
  const bool none = code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable ||
                    absl::IsPermissionDenied(rows.status());  // then Weft cannot have made one
  if (none) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(rows.status());
  if (!rows->empty()) memory->half_cloned = "a rewind that has not ended";
  return absl::OkStatus();
}

absl::Status FindRights(mysql::Session& session, LookMemory* memory) {
  memory->reads_accounts = false;
  memory->no_accounts_because = "this version cannot lock accounts";
  memory->no_closed_start_because = "this version cannot persist settings";
  if (!memory->dialect.can.lock_account) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kGrants));
  Grants grants;
  for (const mysql::ResultSet::Row row : rows) grants.Add(row[0].value_or(""));
  memory->reads_accounts = grants.Has("SELECT", "mysql.user");
  const bool may_give = memory->reads_accounts && grants.Has("CREATE USER", "*.*") &&
                        grants.Has("REPLICATION SLAVE", "*.*") && grants.Has(kGrantOption, "*.*");
  memory->no_accounts_because =
      may_give ? "" : absl::StrCat("the manage account has no ", kGrantOption);
  if (!memory->dialect.can.set_persist) return absl::OkStatus();
  const bool may_set = grants.Has(kSetVariables, "*.*");
  const bool may_persist = may_set && grants.Has(kPersistVariables, "*.*");
  memory->no_closed_start_because =
      !memory->loads_persisted ? "persisted_globals_load is OFF there"
      : may_persist
          ? ""
          : absl::StrCat("the manage account has no ", may_set ? kPersistVariables : kSetVariables);
  return absl::OkStatus();
}

absl::Status FindSemiSync(mysql::Session& session, LookMemory* memory) {
  memory->semi_sync = {};
  if (memory->dialect.can.lossless_semisync) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet variables, session.Query(sql::kSemiSyncVariables));
    memory->semi_sync = mysql::FindSemiSync(variables);
  }
  WEFT_ASSIGN_OR_RETURN(memory->replica_preset, ReplicaFlagPreset(session, *memory));
  memory->state_sql = StateSql(*memory);
  return absl::OkStatus();
}

// See LastSign; and what the receiver has received.
absl::Status HeardFrom(mysql::Session& session, const mysql::ResultSet& status_rows,
                       const mysql::ReplicaStatus& status, absl::Duration now, LookMemory* memory,
                       Replication* replication, GtidSet* received) {
  ReceiverMemory::Signs signs;
  signs.receiving = status.receiver == mysql::ReceiverState::kRunning;
  signs.source = absl::StrCat(status.source_host, ":", status.source_port, " ", status.source_uuid);
  for (const mysql::ResultSet::Row row : status_rows) {
    const bool modern = row.Get("Read_Source_Log_Pos").has_value();
    signs.position = modern ? absl::StrCat(row.StringOr("Source_Log_File", ""), ":",
                                           row.StringOr("Read_Source_Log_Pos", ""))
                            : absl::StrCat(row.StringOr("Master_Log_File", ""), ":",
                                           row.StringOr("Read_Master_Log_Pos", ""));
    if (row.StringOr("Channel_Name", "").empty()) break;
  }
  std::optional<absl::Duration> own_word;
  if (memory->dialect.can.replication_tables) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReceiverProgress> channels,
                          mysql::ReadReceiverProgress(session, memory->dialect));
    for (const mysql::ReceiverProgress& channel : channels) {
      if (!channel.channel.empty()) continue;
      signs.heartbeats = channel.heartbeats;
      own_word = channel.silence;
      replication->heartbeat_period = channel.heartbeat_period;
      *received = received->Union(channel.received);
    }
  } else {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet heartbeats, session.Query(sql::kHeartbeatStatus));
    replication->heartbeat_period = HeartbeatPeriodOf(heartbeats);
    for (const mysql::ResultSet::Row row : heartbeats) {
      if (row.StringOr("Variable_name", "") == sql::kHeartbeatPeriod) continue;
      signs.heartbeats = row.UintOr("Value", 0);
    }
  }
  replication->heard_ago = LastSign(own_word, memory->receiver.Heard(signs, now));
  return absl::OkStatus();
}

absl::Status LookAtReplication(mysql::Session& session, absl::Duration now, LookMemory* memory,
                               Observation* seen) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        session.Query(memory->dialect.show_replica_status));
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ParseReplicaStatus(rows));
  for (const mysql::ReplicaStatus& status : channels) {
    if (!status.channel.empty()) continue;  // Weft's own channel is the default one
    Replication& replication = seen->replication;
    replication.configured = !status.source_host.empty();
    replication.source = {status.source_host, static_cast<uint16_t>(status.source_port)};
    if (auto uuid = ServerUuid::Parse(status.source_uuid); uuid.ok()) {
      replication.source_uuid = *uuid;
    }
    replication.auto_position = status.auto_position;
    replication.own_account = status.source_user == ReplicaAccount(memory->uuid);
    replication.receiver = StateOf(status.receiver);
    replication.login_refused = mysql::LoginRefused(status);
    replication.first_attempt = mysql::InFirstAttempt(status);
    replication.applier_running = status.applier_running;
    replication.receiver_error = status.receiver_error;
    replication.applier_error = status.applier_error;
    replication.lag = status.lag.value_or(absl::ZeroDuration());
    seen->received = status.retrieved;
    WEFT_RETURN_IF_ERROR(
        HeardFrom(session, rows, status, now, memory, &replication, &seen->received));
  }
  return absl::OkStatus();
}

absl::Status ReadState(const mysql::ResultSet& rows, const LookMemory& memory, Observation* seen) {
  if (rows.empty()) return absl::InternalError("the server gave no row for its own state");
  const mysql::ResultSet::Row row = rows.front();
  WEFT_ASSIGN_OR_RETURN(seen->executed, GtidSet::Parse(row.StringOr("executed", "")));
  WEFT_ASSIGN_OR_RETURN(seen->purged, GtidSet::Parse(row.StringOr("purged", "")));
  WEFT_ASSIGN_OR_RETURN(seen->read_only, row.Bool("read_only"));
  seen->super_read_only = row.BoolOr("super_read_only", seen->read_only);
  seen->offline = row.BoolOr("offline", false);
  seen->may_start_writable = !row.BoolOr("closed_start", seen->read_only);
  for (const absl::string_view one :
       absl::StrSplit(row.StringOr("replica_accounts", ""), ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> part = absl::StrSplit(one, ':');
    const std::optional<ServerUuid> replica = ReplicaOfAccount(part.first);
    if (!replica.has_value()) continue;
    // Under several hosts: locked where all are.
    const auto [account, is_new] = seen->accounts.emplace(*replica, true);
    account->second = account->second && part.second == "Y";
  }
  SemiSync& semi_sync = seen->semi_sync;
  semi_sync.installed = memory.semi_sync.source != nullptr && memory.semi_sync.replica != nullptr;
  // With a timeout of zero commits wait for nobody: that is how Weft disarms (semi_sync.h).
  semi_sync.source_enabled =
      row.BoolOr("source_enabled", false) && row.UintOr("source_timeout", 0) > 0;
  semi_sync.source_deaf =
      !semi_sync.source_enabled &&
      absl::StrContains(row.StringOr("acknowledgement_thread", ""), sql::kAcknowledging);
  semi_sync.source_wait_for = static_cast<uint32_t>(row.UintOr("source_wait_count", 0));
  semi_sync.source_endless =
      IsEndless(row.UintOr("source_timeout", 0), row.BoolOr("source_wait_no_replica", false),
                row.StringOr("source_wait_point", ""));
  semi_sync.replica_enabled = row.BoolOr("replica_enabled", false);
  semi_sync.replica_preset = memory.replica_preset;
  return absl::OkStatus();
}

absl::Status LookAtState(mysql::Session& session, LookMemory* memory, Observation* seen) {
  // Before the flag itself: Weft persists OFF only while the flag is off.
  if (memory->replica_preset) {
    WEFT_ASSIGN_OR_RETURN(memory->replica_preset, ReplicaFlagPreset(session, *memory));
  }
  auto rows = session.Query(memory->state_sql);
  const bool plugins_moved =
      mysql::MysqlErrorCode(rows.status()) == mysql::kErrUnknownVariable ||
      (memory->dialect.can.lossless_semisync &&
       (memory->semi_sync.source == nullptr || memory->semi_sync.replica == nullptr));
  if (plugins_moved) {
    WEFT_RETURN_IF_ERROR(FindSemiSync(session, memory));
    rows = session.Query(memory->state_sql);
  }
  WEFT_RETURN_IF_ERROR(rows.status());
  return ReadState(*rows, *memory, seen);
}

absl::Status LookAtSource(mysql::Session& session, const LookMemory& memory, Observation* seen) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet replicas,
                        session.Query(memory.dialect.show_replicas));
  for (const mysql::ResultSet::Row row : replicas) {
    const std::string text = row.StringOr("Replica_UUID", row.StringOr("Slave_UUID", ""));
    if (auto uuid = ServerUuid::Parse(text); uuid.ok()) seen->streaming_to.push_back(*uuid);
  }
  std::sort(seen->streaming_to.begin(), seen->streaming_to.end());
  return absl::OkStatus();
}

absl::Status LookAtSemiSync(mysql::Session& session, absl::Duration now, LookMemory* memory,
                            Observation* seen) {
  SemiSync& semi_sync = seen->semi_sync;
  memory->commits_in_vain = false;
  // A receiver that connected with the flag ON acknowledges until it is stopped, whatever the flag
  // is now.
  const bool may_be_active =
      memory->semi_sync.replica != nullptr && seen->replication.receiver != ThreadState::kOff;
  if (!semi_sync.source_enabled && !semi_sync.replica_enabled && !may_be_active) {
    return absl::OkStatus();
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet status, session.Query(sql::kSemiSyncStatus));
  const mysql::SemiSyncNames* const source = memory->semi_sync.source;
  const mysql::SemiSyncNames* const replica = memory->semi_sync.replica;
  uint64_t acknowledged = 0;
  for (const mysql::ResultSet::Row row : status) {
    const std::string name = row.StringOr("Variable_name", "");
    if (source != nullptr && absl::EqualsIgnoreCase(name, source->source_status)) {
      semi_sync.source_active = semi_sync.source_enabled && row.BoolOr("Value", false);
    } else if (source != nullptr && absl::EqualsIgnoreCase(name, source->source_clients)) {
      semi_sync.source_clients = static_cast<uint32_t>(row.UintOr("Value", 0));
    } else if (source != nullptr && absl::EqualsIgnoreCase(name, source->source_yes_transactions)) {
      acknowledged = row.UintOr("Value", 0);
    } else if (absl::EndsWithIgnoreCase(name, sql::kWaitSessionsSuffix)) {
      semi_sync.source_waiting = static_cast<uint32_t>(row.UintOr("Value", 0));
    } else if (replica != nullptr && absl::EqualsIgnoreCase(name, replica->replica_status)) {
      semi_sync.replica_active = row.BoolOr("Value", false);
    }
  }
  memory->commits_in_vain =
      !seen->read_only && memory->commits.InVain(semi_sync, acknowledged, now);
  return absl::OkStatus();
}

}  // namespace

bool CommitMemory::InVain(const SemiSync& seen, uint64_t acknowledged, absl::Duration now) {
  const bool could =
      seen.source_enabled && seen.source_waiting > 0 && seen.source_clients >= seen.source_wait_for;
  const bool moved = acknowledged != acknowledged_;
  acknowledged_ = acknowledged;
  suspicious_ = could && !moved;
  if (!could) {
    since_.reset();
    return false;
  }
  if (moved || !since_.has_value()) since_ = now;
  if (not_before_.has_value() && now < *not_before_) return false;
  return now - *since_ >= kPatience;
}

absl::Status Prime(mysql::Session& session, LookMemory* memory) {
  memory->dialect = mysql::DialectFor(session.version());
  if (!memory->dialect.can.gtid) {
    return absl::FailedPreconditionError(
        absl::StrCat("version ", session.version().text, " has no GTIDs of MySQL's kind"));
  }
  std::string sql(sql::kWho);
  if (memory->dialect.can.admin_port) absl::StrAppend(&sql, sql::kAdminColumns);
  if (memory->dialect.can.set_persist) absl::StrAppend(&sql, sql::kPersistedLoadColumn);
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet who, session.Query(sql));
  if (who.empty()) return absl::InternalError("the server gave no row for its own uuid");
  WEFT_ASSIGN_OR_RETURN(memory->uuid, ServerUuid::Parse(who.front().StringOr("uuid", "")));
  memory->loads_persisted = who.front().BoolOr("persisted_load", false);
  memory->admin = {};
  // No admin_address: no administrative interface, whatever the port says.
  const std::string address = who.front().StringOr("admin_address", "");
  if (!address.empty()) {
    const bool any = address == "*" || address == "0.0.0.0" || address == "::";
    memory->admin.host = any ? session.options().host : address;
    memory->admin.port = static_cast<uint16_t>(who.front().UintOr("admin_port", 0));
  }
  WEFT_RETURN_IF_ERROR(FindHalfClone(session, memory));
  WEFT_RETURN_IF_ERROR(FindHalfRewind(session, memory));
  WEFT_RETURN_IF_ERROR(FindRights(session, memory));
  return FindSemiSync(session, memory);
}

absl::StatusOr<Observation> LookAt(mysql::Session& session, LookMemory* memory,
                                   absl::Duration monotonic_now) {
  Observation seen;
  seen.uuid = memory->uuid;
  seen.version = absl::StrCat(session.version().major, ".", session.version().minor, ".",
                              session.version().patch);
  seen.can_semi_sync = memory->dialect.can.lossless_semisync;
  seen.receiver_only_change = memory->dialect.can.receiver_only_change;
  seen.no_accounts_because = memory->no_accounts_because;
  seen.gives_accounts = memory->no_accounts_because.empty();
  seen.no_closed_start_because = memory->no_closed_start_because;
  WEFT_RETURN_IF_ERROR(LookAtReplication(session, monotonic_now, memory, &seen));
  WEFT_RETURN_IF_ERROR(LookAtState(session, memory, &seen));
  WEFT_RETURN_IF_ERROR(LookAtSource(session, *memory, &seen));
  WEFT_RETURN_IF_ERROR(LookAtSemiSync(session, monotonic_now, memory, &seen));
  return seen;
}

}  // namespace weft::controller
