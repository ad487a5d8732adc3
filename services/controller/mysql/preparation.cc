#include "services/controller/mysql/preparation.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/semi_sync.h"

namespace weft::controller {
namespace {

constexpr int kErrPluginExists = 1125;  // also: 1968, of later versions
constexpr int kErrPluginInstalled = 1968;

absl::Status Install(Turn& turn, absl::string_view plugin, absl::string_view library) {
  absl::Status status =
      turn.Change(absl::StrCat("installing plugin ", plugin), sql::InstallPlugin(plugin, library));
  const int code = mysql::MysqlErrorCode(status);
  if (code == kErrPluginExists || code == kErrPluginInstalled) return absl::OkStatus();
  return status;
}

}  // namespace

absl::StatusOr<mysql::SemiSyncLoaded> PrepareSemiSync(Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(mysql::SemiSyncLoaded loaded, FindSemiSync(turn));
  if (!turn.dialect().can.lossless_semisync) return loaded;
  if (loaded.source != nullptr && loaded.replica != nullptr) return loaded;
  // The two families cannot be mixed: stay with the one that is there.
  const bool old = loaded.source == &mysql::kSemiSyncOld || loaded.replica == &mysql::kSemiSyncOld;
  const mysql::SemiSyncNames& names = old ? mysql::kSemiSyncOld : turn.dialect().semisync;
  const absl::Status installed = WithoutSuperReadOnly(turn, [&] {
    WEFT_RETURN_IF_ERROR(Install(turn, names.source_plugin, names.source_library));
    return Install(turn, names.replica_plugin, names.replica_library);
  });
  if (!installed.ok()) {
    if (turn.broken() || mysql::MysqlErrorCode(installed) == 0) return installed;
    return ::weft::Refusal(
        absl::StatusCode::kFailedPrecondition, "SEMI_SYNC_UNAVAILABLE",
        absl::StrCat("the semi-synchronous plugins cannot be installed: ", installed.message()),
        "both plugins", "not installed",
        absl::StrCat(
            "on the server: ", sql::InstallPlugin(names.source_plugin, names.source_library), "; ",
            sql::InstallPlugin(names.replica_plugin, names.replica_library)));
  }
  return FindSemiSync(turn);
}

absl::Status PersistReadOnlyStart(Turn& turn) {
  if (!turn.dialect().can.set_persist || !turn.dialect().can.super_read_only) {
    return absl::OkStatus();
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet persisted,
                        turn.Read(sql::kPersisted, {"super_read_only"}));
  if (!persisted.empty() && persisted.front().BoolOr("value", false)) return absl::OkStatus();
  return turn.TryChange("persisting super_read_only", sql::kPersistSuperReadOnly,
                        "a server may start writable after a crash");
}

absl::Status WithoutSuperReadOnly(Turn& turn, const std::function<absl::Status()>& work) {
  bool lifted = false;
  if (turn.dialect().can.super_read_only) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet state, turn.Read(sql::kReadOnlyState));
    lifted = !state.empty() && state.front().BoolOr("super_read_only", false);
  }
  WEFT_RETURN_IF_ERROR(turn.Change("leaving the binary log alone", sql::kNoBinaryLog));
  absl::Status status;
  if (lifted) status = turn.Change("lifting super_read_only", sql::kSuperReadOnlyOff);
  if (status.ok()) status = work();
  if (lifted && !turn.broken()) {
    const absl::Status again = turn.Change("setting super_read_only again", sql::kSuperReadOnlyOn);
    if (status.ok()) status = again;
  }
  if (!turn.broken()) {
    const absl::Status again = turn.Change("writing the binary log again", sql::kBinaryLog);
    if (status.ok()) status = again;
  }
  return status;
}

}  // namespace weft::controller
