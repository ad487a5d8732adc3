#include "services/controller/mysql/discover.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/status_macros.h"
#include "common/mysql/dialect.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

// "10.0.0.7:51234" or "localhost": the host of a connection.
std::string HostOf(const std::string& host_and_port) {
  return host_and_port.substr(0, host_and_port.rfind(':'));
}

HostPort AddressOf(const Around& around, const Around::Replica& replica,
                   const std::function<absl::StatusOr<ServerUuid>(const HostPort&)>& identify) {
  std::vector<HostPort> candidates;
  if (!replica.reported.host.empty()) candidates.push_back(replica.reported);
  for (const std::string& host : around.dump_hosts) {
    candidates.push_back({host, replica.reported.port});
  }
  for (const HostPort& candidate : candidates) {
    const absl::StatusOr<ServerUuid> found = identify(candidate);
    if (found.ok() && (replica.uuid.empty() || *found == replica.uuid)) return candidate;
  }
  return replica.reported;
}

}  // namespace

absl::StatusOr<Around> LookAround(mysql::Session& session) {
  const mysql::Dialect dialect = mysql::DialectFor(session.version());
  Around around;
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ReadReplicaStatus(session, dialect));
  for (const mysql::ReplicaStatus& channel : channels) {
    if (!channel.channel.empty()) continue;
    around.source = {channel.source_host, static_cast<uint16_t>(channel.source_port)};
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet replicas, session.Query(dialect.show_replicas));
  for (const mysql::ResultSet::Row row : replicas) {
    Around::Replica replica;
    replica.reported = {row.StringOr("Host", ""), static_cast<uint16_t>(row.UintOr("Port", 0))};
    const auto uuid =
        ServerUuid::Parse(row.StringOr("Replica_UUID", row.StringOr("Slave_UUID", "")));
    if (uuid.ok()) replica.uuid = *uuid;
    around.replicas.push_back(std::move(replica));
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet processes, session.Query(sql::kProcesses));
  for (const mysql::ResultSet::Row row : processes) {
    if (!absl::StartsWith(row.StringOr("Command", ""), "Binlog Dump")) continue;
    around.dump_hosts.insert(HostOf(row.StringOr("Host", "")));
  }
  return around;
}

Farm::Neighbours Locate(
    const Around& around,
    const std::function<absl::StatusOr<ServerUuid>(const HostPort&)>& identify) {
  Farm::Neighbours neighbours;
  neighbours.source = around.source;
  for (const Around::Replica& replica : around.replicas) {
    HostPort address = AddressOf(around, replica, identify);
    if (!address.host.empty()) neighbours.replicas.push_back(std::move(address));
  }
  std::sort(neighbours.replicas.begin(), neighbours.replicas.end());
  return neighbours;
}

}  // namespace weft::controller
