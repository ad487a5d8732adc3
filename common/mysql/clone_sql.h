#pragma once
// The statements of the CLONE plugin (8.0.17 on).
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weft::mysql::statements {

inline constexpr absl::string_view kClonePluginActive =
    "SELECT PLUGIN_STATUS AS status FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'";
inline constexpr absl::string_view kInstallClone = "INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
inline constexpr absl::string_view kDonorList = "SET GLOBAL clone_valid_donor_list = ?";
inline constexpr absl::string_view kPersistSkipReplicaStart =
    "SET PERSIST_ONLY skip_replica_start = ON";
inline constexpr absl::string_view kResetSkipReplicaStart =
    "RESET PERSIST IF EXISTS skip_replica_start";
inline constexpr absl::string_view kCloneStatus =
    "SELECT STATE AS state, ERROR_NO AS error_no, ERROR_MESSAGE AS error_message,"
    " SOURCE AS source, BEGIN_TIME AS began FROM performance_schema.clone_status";
inline constexpr absl::string_view kCloneProgress =
    "SELECT STAGE AS stage, STATE AS state, ESTIMATE AS estimate, DATA AS data"
    " FROM performance_schema.clone_progress ORDER BY ID";

// A row on a server that a provisioner copies rows to and has not copied them all: it is marked by
// this schema meanwhile (services/provisioner/dataset). Any version.
inline constexpr absl::string_view kUnfinishedCopy =
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA"
    " WHERE SCHEMA_NAME = 'weft_unfinished_copy'";

// Account and password are quoted already. Secret.
inline std::string CloneFrom(absl::string_view account, int port, absl::string_view password) {
  return absl::StrCat("CLONE INSTANCE FROM ", account, ":", port, " IDENTIFIED BY ", password);
}

}  // namespace weft::mysql::statements
