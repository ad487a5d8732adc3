#include "services/controller/mysql/semi_sync.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/semi_sync_rule.h"

namespace weft::controller {
namespace {

// Milliseconds. Vitess has used this value for years, and 9.7 takes it.
constexpr absl::string_view kEndless = "1000000000000000000";

// REQUIRES: the flag is off.
absl::Status PersistFlagOff(Turn& turn, absl::string_view flag) {
  if (!turn.dialect().can.set_persist) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet persisted, turn.Read(sql::kPersisted, {flag}));
  if (!persisted.empty() && !persisted.front().BoolOr("value", true)) return absl::OkStatus();
  return turn.TryChange("persisting that the semi-sync replica flag is off",
                        sql::PersistOnly(flag, "OFF"),
                        "an option file may set the semi-sync replica flag at the next start");
}

}  // namespace

absl::StatusOr<mysql::SemiSyncLoaded> FindSemiSync(Turn& turn) {
  if (!turn.dialect().can.lossless_semisync) return mysql::SemiSyncLoaded();
  // The usual case, in a tenth of the time: SHOW looks at all variables, while writes stand still.
  const mysql::SemiSyncNames& modern = mysql::kSemiSyncModern;
  const absl::Status both =
      turn.Read(sql::Globals({modern.source_enabled, modern.replica_enabled})).status();
  if (both.ok()) return mysql::SemiSyncLoaded{.source = &modern, .replica = &modern};
  if (mysql::MysqlErrorCode(both) != mysql::kErrUnknownVariable) return both;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet variables, turn.Read(sql::kSemiSyncVariables));
  return mysql::FindSemiSync(variables);
}

absl::Status Arm(Turn& turn, const mysql::SemiSyncNames& names, uint32_t wait_for) {
  // Applied from left to right: it is on only once all the rest is set.
  return turn.Change(
      "arming the semi-sync source",
      absl::StrCat(sql::SetGlobal(names.source_timeout, kEndless), ", GLOBAL ",
                   names.source_wait_no_replica, " = ON, GLOBAL ", names.source_wait_point,
                   " = AFTER_SYNC, GLOBAL ", names.source_wait_count, " = ", wait_for, ", GLOBAL ",
                   names.source_enabled, " = ON"));
}

absl::Status RequireArmed(Turn& turn, uint32_t wait_for) {
  bool enabled = false;
  bool endless = false;
  uint64_t count = 0;
  for (const mysql::SemiSyncNames& names : {mysql::kSemiSyncModern, mysql::kSemiSyncOld}) {
    const auto rows =
        turn.Read(sql::Globals({names.source_enabled, names.source_timeout, names.source_wait_count,
                                names.source_wait_no_replica, names.source_wait_point}));
    if (mysql::MysqlErrorCode(rows.status()) == mysql::kErrUnknownVariable) continue;
    WEFT_RETURN_IF_ERROR(rows.status());
    if (rows->empty()) return absl::InternalError("the server gave no row for its own state");
    const mysql::ResultSet::Row row = rows->front();
    enabled = row.BoolOr(names.source_enabled, false);
    endless = IsEndless(row.UintOr(names.source_timeout, 0),
                        row.BoolOr(names.source_wait_no_replica, false),
                        row.StringOr(names.source_wait_point, ""));
    count = row.UintOr(names.source_wait_count, 0);
    break;
  }
  if (enabled && endless && count == wait_for) return absl::OkStatus();
  const std::string found =
      !enabled  ? "that they do not"
      : endless ? absl::StrCat("for ", count)
                : "that they fall back: a short timeout, wait_no_replica off, or not AFTER_SYNC";
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_ARMED",
                         absl::StrCat(turn.address().ToString(), " must not accept writes yet"),
                         absl::StrCat("its commits to wait for ", wait_for, " acknowledgements"),
                         found, "nothing: it may have restarted, and is looked at again");
}

absl::Status Disarm(Turn& turn, const mysql::SemiSyncLoaded& loaded) {
  if (loaded.source == nullptr) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(
      turn.Change("disarming the semi-sync source",
                  absl::StrCat(sql::SetGlobal(loaded.source->source_timeout, "0"), ", GLOBAL ",
                               loaded.source->source_wait_no_replica, " = OFF")));
  // Commits that began to wait before that wait on.
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet status, turn.Read(sql::kSemiSyncStatus));
  for (const mysql::ResultSet::Row row : status) {
    const std::string name = row.StringOr("Variable_name", "");
    if (!absl::EndsWithIgnoreCase(name, sql::kWaitSessionsSuffix)) continue;
    if (row.UintOr("Value", 0) == 0) return absl::OkStatus();
  }
  return turn.Change("switching the semi-sync source off",
                     sql::SetGlobal(loaded.source->source_enabled, "OFF"));
}

absl::Status SetAcknowledge(Turn& turn, const mysql::SemiSyncLoaded& loaded, bool acknowledge) {
  if (loaded.replica == nullptr) return absl::OkStatus();
  const absl::string_view flag = loaded.replica->replica_enabled;
  if (acknowledge) {
    WEFT_RETURN_IF_ERROR(PersistFlagOff(turn, flag));
    return turn.Change("setting the semi-sync replica flag", sql::SetGlobal(flag, "ON"));
  }
  WEFT_RETURN_IF_ERROR(
      turn.Change("clearing the semi-sync replica flag", sql::SetGlobal(flag, "OFF")));
  return PersistFlagOff(turn, flag);
}

absl::StatusOr<bool> Acknowledges(Turn& turn, const mysql::SemiSyncNames& names) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet status, turn.Read(sql::kSemiSyncStatus));
  for (const mysql::ResultSet::Row row : status) {
    if (absl::EqualsIgnoreCase(row.StringOr("Variable_name", ""), names.replica_status)) {
      return row.BoolOr("Value", false);
    }
  }
  return false;
}

}  // namespace weft::controller
