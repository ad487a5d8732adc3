#pragma once

#include "absl/strings/string_view.h"

namespace weft::controller::sql {

inline constexpr absl::string_view kCreateLedger =
    "CREATE TABLE IF NOT EXISTS ledger (id INT PRIMARY KEY) ENGINE=InnoDB";
inline constexpr absl::string_view kClearReplicaFlag =
    "SET GLOBAL rpl_semi_sync_replica_enabled = OFF";
inline constexpr absl::string_view kInsertRow = "INSERT INTO ledger (id) VALUES (?)";
inline constexpr absl::string_view kCountRow = "SELECT COUNT(*) AS n FROM ledger WHERE id = ?";

}  // namespace weft::controller::sql
