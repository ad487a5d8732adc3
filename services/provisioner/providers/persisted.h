#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// In a server's data folder: what SET PERSIST told it. Read by MySQL 8.0.11 and later.
inline constexpr absl::string_view kPersistedFile = "mysqld-auto.cnf";

// `text` of that file with skip_replica_start (MySQL 8.0.24) in it: whose channels are configured
// does not start to replicate with its server, until RESET PERSIST. Empty: there is no such file.
// DATA_LOSS SNAPSHOT_DAMAGED for what no server has written.
absl::StatusOr<std::string> WithSkipReplicaStart(const std::string& text);

}  // namespace weft::provisioner
