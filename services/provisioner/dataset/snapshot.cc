#include "services/provisioner/dataset/snapshot.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "services/provisioner/dataset/bulk_road.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/logical_sql.h"

namespace weft::provisioner {
namespace {

constexpr int kAttempts = 5;
constexpr absl::Duration kBetween = absl::Seconds(2);
// XA transactions mostly are prepared for a moment only, so that there is one without.
constexpr int kXaAttempts = 20;
constexpr absl::Duration kBetweenXa = absl::Milliseconds(200);
// Of a stream that the other side does not read for a while, or of a network that is away.
constexpr absl::Duration kStreamPatience = absl::Minutes(5);

// The session gives up after its lock_wait_timeout, so that no writer waits for long behind it.
absl::Status Lock(mysql::Session& keeper, Clock* clock) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) clock->Sleep(kBetween);
    status = keeper.Execute(sql::kGlobalReadLock);
    if (mysql::MysqlErrorCode(status) != mysql::kErrLockWaitTimeout) return status;
  }
  return Refusal(absl::StatusCode::kAborted, "SOURCE_BUSY",
                 absl::StrCat("statements on ", keeper.options().Address(),
                              " run for so long that no consistent state can be taken"),
                 "a moment without long statements", status.message(),
                 "end them (SHOW PROCESSLIST), or name another source");
}

// Of 5.7 on a prepared XA transaction has a GTID, while its rows are nobody's to read: its XA
// COMMIT would find nothing on a copy. (Before, all of it is in the binary log with its commit.)
absl::StatusOr<size_t> PreparedXa(mysql::Session& keeper) {
  if (!keeper.version().AtLeast(5, 7)) return 0;
  const auto prepared = keeper.Query(sql::kPreparedXa);
  if (prepared.ok()) return prepared->size();
  if (mysql::MysqlErrorCode(prepared.status()) != mysql::kErrXaDenied) return prepared.status();
  const std::string& user = keeper.options().user;
  return Refusal(absl::StatusCode::kFailedPrecondition, "NO_PRIVILEGE",
                 absl::StrCat(user, " may not see the prepared XA transactions of ",
                              keeper.options().Address()),
                 "XA_RECOVER_ADMIN", prepared.status().message(),
                 absl::StrFormat(sql::kGrantXaRecover, user));
}

// Locks at a moment without prepared XA transactions, which end only while nobody has the lock.
absl::StatusOr<GtidSet> LockSettled(mysql::Session& keeper, Clock* clock) {
  size_t prepared = 0;
  for (int attempt = 0; attempt < kXaAttempts; ++attempt) {
    if (attempt > 0) clock->Sleep(kBetweenXa);
    WEFT_RETURN_IF_ERROR(Lock(keeper, clock));
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, keeper.Query(sql::kExecuted));
    // After the GTIDs, so that none of them is missed.
    WEFT_ASSIGN_OR_RETURN(prepared, PreparedXa(keeper));
    if (prepared == 0) return GtidSet::Parse(rows.front().StringOr("executed", ""));
    WEFT_RETURN_IF_ERROR(keeper.Execute(sql::kUnlock));
  }
  return Refusal(absl::StatusCode::kAborted, "SOURCE_BUSY",
                 absl::StrCat(keeper.options().Address(),
                              " has XA transactions that stay prepared, whose rows cannot be read"),
                 "a moment without prepared XA transactions", absl::StrCat(prepared, " of them"),
                 "commit or roll them back (XA RECOVER), or copy by another method");
}

absl::StatusOr<std::unique_ptr<mysql::BulkSession>> OpenReader(const BulkRoad& road) {
  WEFT_ASSIGN_OR_RETURN(auto reader, road.Open());
  WEFT_RETURN_IF_ERROR(reader->Execute(sql::kLongCopy));
  WEFT_RETURN_IF_ERROR(reader->Execute(sql::kRepeatableRead));
  return reader;
}

}  // namespace

absl::StatusOr<Snapshot> TakeSnapshot(const FarmAccess& access, const HostPort& source, int readers,
                                      Clock* clock) {
  Snapshot snapshot;
  WEFT_ASSIGN_OR_RETURN(snapshot.keeper, access.Open(source, Duty::kBackup));
  WEFT_RETURN_IF_ERROR(snapshot.keeper->Execute(sql::kLongCopy));
  WEFT_ASSIGN_OR_RETURN(mysql::ConnectOptions options, access.For(source, Duty::kBackup));
  options.read_timeout = kStreamPatience;
  options.write_timeout = kStreamPatience;
  WEFT_ASSIGN_OR_RETURN(const BulkRoad road, BulkRoad::Find(*snapshot.keeper, options));
  for (int i = 0; i < readers; ++i) {
    WEFT_ASSIGN_OR_RETURN(auto reader, OpenReader(road));
    snapshot.readers.push_back(std::move(reader));
  }
  snapshot.keeps_definitions = snapshot.keeper->version().AtLeast(8, 0);
  if (snapshot.keeps_definitions) {
    WEFT_RETURN_IF_ERROR(snapshot.keeper->Execute(sql::kBackupLock));
  }
  WEFT_ASSIGN_OR_RETURN(snapshot.executed, LockSettled(*snapshot.keeper, clock));
  for (const auto& reader : snapshot.readers) {
    WEFT_RETURN_IF_ERROR(reader->Execute(sql::kBeginSnapshot));
  }
  return snapshot;
}

absl::Status Release(Snapshot& snapshot) { return snapshot.keeper->Execute(sql::kUnlock); }

}  // namespace weft::provisioner
