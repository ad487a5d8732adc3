#include "services/provisioner/dataset/snapshot.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
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
  WEFT_RETURN_IF_ERROR(Lock(*snapshot.keeper, clock));
  for (const auto& reader : snapshot.readers) {
    WEFT_RETURN_IF_ERROR(reader->Execute(sql::kBeginSnapshot));
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, snapshot.keeper->Query(sql::kExecuted));
  WEFT_ASSIGN_OR_RETURN(snapshot.executed, GtidSet::Parse(rows.front().StringOr("executed", "")));
  return snapshot;
}

absl::Status Release(Snapshot& snapshot) { return snapshot.keeper->Execute(sql::kUnlock); }

}  // namespace weft::provisioner
