#include "services/provisioner/mysql/store_servers.h"

#include "common/base/status_macros.h"
#include "services/provisioner/mysql/inventory_sql.h"

namespace weft::provisioner {

absl::StatusOr<ServerUuid> StoreServers::UuidOf(const HostPort& member) const {
  mysql::ConnectOptions connect = options_.connect;
  connect.host = member.host;
  connect.port = member.port;
  connect.connect_timeout = options_.connect_timeout;
  connect.statement_timeout = options_.statement_timeout;
  WEFT_ASSIGN_OR_RETURN(const auto session, mysql::Session::Open(connect));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session->Query(inventory_sql::kUuid));
  return ServerUuid::Parse(rows.empty() ? "" : rows.front().StringOr("uuid", ""));
}

bool StoreServers::Has(const HostPort& address, const ServerUuid& uuid) {
  for (const HostPort& member : options_.members) {
    if (member == address) return true;
    const absl::StatusOr<ServerUuid> now = UuidOf(member);
    MutexLock lock(&mutex_);
    if (now.ok()) known_[member] = *now;
    const auto found = known_.find(member);
    if (found != known_.end() && found->second == uuid) return true;
  }
  return false;
}

}  // namespace weft::provisioner
