#include "services/controller/mysql/discover.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/mysql/dialect.h"
#include "common/mysql/replica_status.h"

namespace weft::controller {

absl::StatusOr<Farm::Neighbours> DiscoverFrom(mysql::Session& session) {
  const mysql::Dialect dialect = mysql::DialectFor(session.version());
  Farm::Neighbours neighbours;
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ReadReplicaStatus(session, dialect));
  for (const mysql::ReplicaStatus& channel : channels) {
    if (!channel.channel.empty()) continue;
    neighbours.source = {channel.source_host, static_cast<uint16_t>(channel.source_port)};
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(dialect.show_replicas));
  for (const mysql::ResultSet::Row row : rows) {
    // Host is report_host of the replica: without it nobody can say where it listens, since its
    // own connection comes from any port.
    HostPort replica{row.StringOr("Host", ""), static_cast<uint16_t>(row.UintOr("Port", 0))};
    if (!replica.host.empty() && replica.port != 0)
      neighbours.replicas.push_back(std::move(replica));
  }
  std::sort(neighbours.replicas.begin(), neighbours.replicas.end());
  return neighbours;
}

}  // namespace weft::controller
