#include "services/controller/mysql/store_identity.h"

#include <memory>

#include "absl/status/statusor.h"
#include "common/mysql/result_set.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kRetry = absl::Seconds(5);

}  // namespace

std::vector<std::string> StoreIdentity::Uuids() {
  MutexLock lock(&mutex_);
  const absl::Duration now = clock_->MonotonicNow();
  if (uuids_.size() < members_.size() && now - tried_ >= kRetry) {
    tried_ = now;
    for (const HostPort& member : members_) {
      if (uuids_.count(member) > 0) continue;
      mysql::ConnectOptions connect = connect_;
      connect.host = member.host;
      connect.port = member.port;
      const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
      if (!session.ok()) continue;
      const absl::StatusOr<mysql::ResultSet> rows = (*session)->Query(sql::kUuid);
      if (rows.ok() && !rows->empty()) uuids_[member] = rows->front().StringOr("uuid", "");
    }
  }
  std::vector<std::string> known;
  known.reserve(uuids_.size());
  for (const auto& [member, uuid] : uuids_) known.push_back(uuid);
  return known;
}

}  // namespace weft::controller
