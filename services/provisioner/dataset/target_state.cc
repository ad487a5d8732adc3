#include "services/provisioner/dataset/target_state.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/dialect.h"
#include "common/mysql/quote.h"
#include "common/mysql/replica_status.h"
#include "services/provisioner/dataset/copy_mark.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/target_hold.h"

namespace weft::provisioner {
namespace {

namespace statements = mysql::statements;

// The server cuts what it says of a clone's transactions off there.
constexpr size_t kMostCloned = 4096;

// "" where nothing is.
absl::StatusOr<std::string> PersistedValue(mysql::Session& manager, absl::string_view variable) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, manager.Query(sql::kPersisted, {variable}));
  return rows.empty() ? "" : rows.front().StringOr("value", "");
}

absl::Status WrittenTo(const mysql::Session& restorer, const std::string& executed) {
  return Refusal(
      absl::StatusCode::kAborted, "TARGET_WRITTEN_TO",
      absl::StrCat("somebody wrote to ", restorer.options().Address(), " while it was copied to"),
      "no writes but the copy's", absl::StrCat("transactions ", executed),
      "keep accounts with SUPER or CONNECTION_ADMIN away from it, and clone again");
}

// REQUIRES: no schemas of users but the mark. Only empty folders go; the server's own are left.
absl::Status RemoveLeftFolders(mysql::Session& restorer) {
  namespace fs = std::filesystem;
  WEFT_ASSIGN_OR_RETURN(const Home home, HomeOf(restorer));
  if (home.data.empty()) return absl::OkStatus();
  std::error_code error;
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::directory_iterator(home.data, error)) {
    const std::string name = entry.path().filename().string();
    const bool own = absl::StartsWith(name, "#") || name == sql::kMark || name == "mysql" ||
                     name == "sys" || name == "performance_schema" || name == "ndbinfo";
    if (!own && entry.is_directory(error) && fs::is_empty(entry.path(), error)) {
      left.push_back(entry.path());
    }
  }
  for (const fs::path& folder : left) ::rmdir(folder.c_str());
  return absl::OkStatus();
}

}  // namespace

absl::Status TargetNotOwn(const HostPort& target) {
  return Refusal(absl::StatusCode::kFailedPrecondition, kTargetNotOwn,
                 absl::StrCat("what is on ", target.ToString(), " is not this copy's"),
                 "a target that this copy has begun to write to",
                 "one that it never got hold of, or that another has begun to copy to",
                 "look at what it holds, and clone again");
}

absl::Status Detach(mysql::Session& manager) {
  const mysql::Dialect dialect = mysql::DialectFor(manager.version());
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet loaded, manager.Query(sql::kSemiSyncVariables));
  const mysql::SemiSyncLoaded semi_sync = mysql::FindSemiSync(loaded);
  if (semi_sync.replica != nullptr) {
    WEFT_RETURN_IF_ERROR(
        manager.Execute(absl::StrFormat(sql::kSetGlobalOff, semi_sync.replica->replica_enabled)));
  }
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ReadReplicaStatus(manager, dialect));
  for (const mysql::ReplicaStatus& channel : channels) {
    WEFT_RETURN_IF_ERROR(
        manager.Execute(dialect.ForChannel(dialect.stop_replica, channel.channel)));
    WEFT_RETURN_IF_ERROR(
        manager.Execute(dialect.ForChannel(dialect.reset_replica_all, channel.channel)));
  }
  return absl::OkStatus();
}

absl::Status Open(mysql::Session& restorer) { return restorer.Execute(sql::kReadOnlyOff); }

absl::Status OpenForCopy(mysql::Session& restorer) {
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kReadOnlyOn));
  const bool super = mysql::DialectFor(restorer.version()).can.super_read_only;
  return super ? restorer.Execute(sql::kSuperReadOnlyOff) : absl::OkStatus();
}

absl::Status Close(mysql::Session& restorer) {
  const bool super = mysql::DialectFor(restorer.version()).can.super_read_only;
  return restorer.Execute(super ? sql::kSuperReadOnlyOn : sql::kReadOnlyOn);
}

absl::StatusOr<std::string> PersistClosedStart(mysql::Session& manager) {
  const mysql::Dialect dialect = mysql::DialectFor(manager.version());
  WEFT_ASSIGN_OR_RETURN(std::string before, PersistedValue(manager, "super_read_only"));
  WEFT_ASSIGN_OR_RETURN(const std::string skips,
                        PersistedValue(manager, dialect.skip_replica_start));
  // Both are what a copy that broke off left.
  if (!skips.empty() && before == "ON") before.clear();
  WEFT_RETURN_IF_ERROR(manager.Execute(absl::StrFormat(sql::kPersistSuperReadOnly, "ON")));
  WEFT_RETURN_IF_ERROR(
      manager.Execute(statements::PersistSkipReplicaStart(dialect.skip_replica_start)));
  return before;
}

absl::Status PersistStartAsBefore(mysql::Session& manager, const std::string& super_read_only) {
  WEFT_RETURN_IF_ERROR(manager.Execute(
      super_read_only.empty() ? std::string(sql::kResetSuperReadOnly)
                              : absl::StrFormat(sql::kPersistSuperReadOnly, super_read_only)));
  return manager.Execute(
      statements::ResetSkipReplicaStart(mysql::DialectFor(manager.version()).skip_replica_start));
}

absl::Status CloseWhole(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const bool events_ran, KeepEventsStopped(restorer));
  WEFT_RETURN_IF_ERROR(DropMark(restorer));
  WEFT_RETURN_IF_ERROR(Close(restorer));
  return events_ran ? restorer.Execute(sql::kEventsOn) : absl::OkStatus();
}

absl::Status DropSchemas(mysql::Session& restorer) {
  WEFT_RETURN_IF_ERROR(OpenForCopy(restorer));
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kNoBinaryLog));
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kNoForeignKeyChecks));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet schemas, restorer.Query(sql::kSchemas));
  for (const mysql::ResultSet::Row row : schemas) {
    const std::string name = row.StringOr("name", "");
    if (name == sql::kMark) continue;
    WEFT_RETURN_IF_ERROR(
        restorer.Execute(absl::StrFormat(sql::kDropSchema, mysql::QuoteIdentifier(name))));
  }
  return RemoveLeftFolders(restorer);
}

absl::Status Empty(mysql::Session& restorer) {
  WEFT_RETURN_IF_ERROR(DropSchemas(restorer));
  const mysql::Dialect dialect = mysql::DialectFor(restorer.version());
  WEFT_RETURN_IF_ERROR(restorer.Execute(dialect.reset_binary_logs));
  return DropMark(restorer);
}

absl::Status EmptyServer(const FarmAccess& access, const CopyOrder& order, bool held,
                         Clock* clock) {
  // Dropping large tables takes its time.
  WEFT_ASSIGN_OR_RETURN(const auto restorer,
                        access.Open(order.target, Duty::kRestore, absl::Minutes(10)));
  WEFT_RETURN_IF_ERROR(HoldTarget(*restorer, order, clock));
  WEFT_ASSIGN_OR_RETURN(const bool own, IsOwnTarget(*restorer, order, held || order.resumed));
  if (!own) return TargetNotOwn(order.target);
  WEFT_ASSIGN_OR_RETURN(const auto manager, access.Open(order.target, Duty::kManage));
  WEFT_RETURN_IF_ERROR(Detach(*manager));
  WEFT_RETURN_IF_ERROR(Empty(*restorer));
  if (manager->version().AtLeast(5, 7, 5)) {
    WEFT_RETURN_IF_ERROR(manager->Execute(sql::kOfflineOff));
  }
  const mysql::Dialect dialect = mysql::DialectFor(manager->version());
  if (dialect.can.clone_plugin) {
    WEFT_ASSIGN_OR_RETURN(const std::string skips,
                          PersistedValue(*manager, dialect.skip_replica_start));
    // Only then was it told how to start.
    if (!skips.empty()) WEFT_RETURN_IF_ERROR(PersistStartAsBefore(*manager, ""));
  }
  return Close(*restorer);
}

absl::Status TakeOverGtids(mysql::Session& restorer, const GtidSet& executed) {
  const mysql::Dialect dialect = mysql::DialectFor(restorer.version());
  WEFT_RETURN_IF_ERROR(restorer.Execute(dialect.reset_binary_logs));
  return restorer.Execute(sql::kSetPurged, {executed.ToString()}).status();
}

absl::Status CheckUnwritten(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, restorer.Query(sql::kExecuted));
  const std::string executed = rows.empty() ? "" : rows.front().StringOr("executed", "");
  if (executed.empty()) return absl::OkStatus();
  return WrittenTo(restorer, executed);
}

absl::Status CheckUnwrittenClone(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, restorer.Query(sql::kClonedAndExecuted));
  const std::string cloned = rows.empty() ? "" : rows.front().StringOr("cloned", "");
  if (rows.empty() || cloned.size() >= kMostCloned) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const GtidSet came, GtidSet::Parse(cloned));
  WEFT_ASSIGN_OR_RETURN(const GtidSet executed,
                        GtidSet::Parse(rows.front().StringOr("executed", "")));
  const GtidSet own = executed.Minus(came);
  return own.Count() == 0 ? absl::OkStatus() : WrittenTo(restorer, own.ToString());
}

}  // namespace weft::provisioner
