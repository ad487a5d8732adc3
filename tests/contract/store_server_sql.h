#pragma once
// What the tests of the state store say to its server as root.
#include "absl/strings/string_view.h"

namespace weft::controller::store_server_sql {

inline constexpr absl::string_view kCreateUser =
    "CREATE USER 'weft_store'@'%' IDENTIFIED BY 'store secret'";
// Takes the name of a database.
inline constexpr absl::string_view kDatabasePattern = "weft\\_%";
inline constexpr absl::string_view kShowDurability =
    "SELECT CONCAT('sync_binlog=', @@sync_binlog, ' innodb_flush_log_at_trx_commit=',"
    " @@innodb_flush_log_at_trx_commit, ' version=', VERSION())";

}  // namespace weft::controller::store_server_sql
