#pragma once

#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::provisioner {

// In a server's data folder: what SET PERSIST told it. Read by MySQL 8.0.11 and later.
inline constexpr absl::string_view kPersistedFile = "mysqld-auto.cnf";

// Both names of skip_replica_start, of which a server before 8.0.26 knows the second alone: for one
// of an unknown version.
inline constexpr std::initializer_list<absl::string_view> kBothSkipReplicaStarts = {
    "skip_replica_start", "skip_slave_start"};

// `text` of that file with skip_replica_start (MySQL 8.0.24) in it, under `names`: whose channels
// are configured does not start to replicate with its server, until RESET PERSIST of each. Empty:
// there is no such file. DATA_LOSS SNAPSHOT_DAMAGED for what no server has written.
absl::StatusOr<std::string> WithSkipReplicaStart(const std::string& text,
                                                 std::initializer_list<absl::string_view> names);

// The members by which such a file says so, without braces: for who writes it elsewhere.
std::string SkipReplicaStartMembers(std::initializer_list<absl::string_view> names);

}  // namespace weft::provisioner
