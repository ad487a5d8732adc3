#pragma once
// The statements of the CLONE plugin, where Weft uses it (8.0.24 on).
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weft::mysql::statements {

inline constexpr absl::string_view kClonePluginActive =
    "SELECT PLUGIN_STATUS AS status FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'";
inline constexpr absl::string_view kInstallClone = "INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
inline constexpr absl::string_view kDonorList = "SET GLOBAL clone_valid_donor_list = ?";
inline constexpr absl::string_view kCloneStatus =
    "SELECT STATE AS state, ERROR_NO AS error_no, ERROR_MESSAGE AS error_message,"
    " SOURCE AS source, BEGIN_TIME AS began FROM performance_schema.clone_status";
inline constexpr absl::string_view kCloneProgress =
    "SELECT STAGE AS stage, STATE AS state, ESTIMATE AS estimate, DATA AS data"
    " FROM performance_schema.clone_progress ORDER BY ID";
// The plugin leaves these empty. Seen by an account that may read them. Any version.
inline constexpr absl::string_view kTablesWithoutTransactions =
    "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES"
    " WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1";

// A row: the last clone onto the server took its data away and did not bring others.
inline constexpr absl::string_view kHalfCloned =
    "SELECT s.STATE AS state, s.SOURCE AS source, UNIX_TIMESTAMP(s.BEGIN_TIME) AS began"
    " FROM performance_schema.clone_status s"
    " JOIN performance_schema.clone_progress p ON p.ID = s.ID"
    " WHERE s.STATE IN ('Failed', 'In Progress') AND s.DESTINATION = 'LOCAL INSTANCE'"
    " AND p.STAGE = 'DROP DATA' AND p.STATE <> 'Not Started'";
// Such clones, by when they began, of servers that were made whole since by other means: the server
// keeps its word about the last clone. Goes with the data at the next one.
inline constexpr absl::string_view kMakeSettledSchema = "CREATE DATABASE IF NOT EXISTS weft_copied";
inline constexpr absl::string_view kMakeSettledClones =
    "CREATE TABLE IF NOT EXISTS weft_copied.settled_clones"
    " (began VARCHAR(32) PRIMARY KEY) ENGINE = InnoDB";
inline constexpr absl::string_view kSettleClone =
    "REPLACE INTO weft_copied.settled_clones VALUES (?)";
inline constexpr absl::string_view kSettledClones =
    "SELECT began FROM weft_copied.settled_clones WHERE began = ?";

// A row on a server that a provisioner copies rows to and has not copied them all: it is marked by
// this schema meanwhile (services/provisioner/dataset). Any version.
inline constexpr absl::string_view kUnfinishedCopy =
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA"
    " WHERE SCHEMA_NAME = 'weft_unfinished_copy'";

// `variable` is Dialect::skip_replica_start.
inline std::string PersistSkipReplicaStart(absl::string_view variable) {
  return absl::StrCat("SET PERSIST_ONLY ", variable, " = ON");
}
inline std::string ResetSkipReplicaStart(absl::string_view variable) {
  return absl::StrCat("RESET PERSIST IF EXISTS ", variable);
}

// Account and password are quoted already. Secret.
inline std::string CloneFrom(absl::string_view account, int port, absl::string_view password) {
  return absl::StrCat("CLONE INSTANCE FROM ", account, ":", port, " IDENTIFIED BY ", password);
}

}  // namespace weft::mysql::statements
