#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/ids.h"
#include "common/mysql/dialect.h"
#include "common/mysql/server_version.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// What a copy must know of a server before its first byte. A value, so that the judgement is pure.
struct ServerFacts {
  HostPort address;
  ServerUuid uuid;
  mysql::ServerVersion version;
  std::map<std::string, std::string> variables;  // all global ones, by lower-case name
  std::vector<std::string> schemas;              // but the server's and kOwnSchemas
  uint64_t bytes = 0;                            // of tables and indexes, as statistics have them
  std::vector<std::string> not_transactional;    // tables whose engine is not InnoDB
  std::vector<std::string> follows;              // "host:port" of each channel that runs
  bool clone_active = false;                     // the CLONE plugin
  bool half_copied = false;                      // a copy began to replace its data and did not end
  // A server of this machine: its folder, and the free bytes there.
  std::string folder;
  std::optional<uint64_t> free_bytes;
  std::vector<std::string> outside;  // of a source: DataOutside

  // "" when absent.
  std::string Variable(const std::string& name) const;
  mysql::Dialect dialect() const { return mysql::DialectFor(version); }
};

// The folder of a server of this machine that could be stopped and started, by what it says of
// itself; empty: it is none.
std::string FolderOf(const HostPort& address, const ServerUuid& uuid, const std::string& datadir);

// Where a server of this machine has its data, as FolderOf; all empty: it is none.
struct Home {
  std::string data;    // a folder
  std::string socket;  // a path
};
absl::StatusOr<Home> HomeOf(mysql::Session& session);

// Has the session see the sizes of tables as they are; from 8.0 on they are a day old otherwise.
absl::Status SeeFreshSizes(mysql::Session& session);

// Asks a server by its accounts, about ten round trips; changes nothing. `reader`: kBackup for a
// source, kRestore for a target. UNAVAILABLE, UNAUTHENTICATED where it cannot be asked.
absl::StatusOr<ServerFacts> GatherFacts(const FarmAccess& access, const HostPort& address,
                                        Duty reader);

}  // namespace weft::provisioner
