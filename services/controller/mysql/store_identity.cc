#include "services/controller/mysql/store_identity.h"

#include <memory>

#include "absl/status/statusor.h"
#include "common/mysql/result_set.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kRetry = absl::Seconds(5);

}  // namespace

std::string StoreIdentity::Uuid() {
  MutexLock lock(&mutex_);
  if (!uuid_.empty() || clock_->MonotonicNow() - tried_ < kRetry) return uuid_;
  tried_ = clock_->MonotonicNow();
  const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect_);
  if (!session.ok()) return uuid_;
  const absl::StatusOr<mysql::ResultSet> rows = (*session)->Query(sql::kUuid);
  if (rows.ok() && !rows->empty()) uuid_ = rows->front().StringOr("uuid", "");
  return uuid_;
}

}  // namespace weft::controller
