#pragma once

#include "absl/strings/string_view.h"

// What the farm's tests do to servers behind its back.
namespace weft::controller::test_sql {

inline constexpr absl::string_view kReadOnly = "SELECT @@GLOBAL.read_only";
inline constexpr absl::string_view kLockLedger = "LOCK TABLES ledger WRITE";
inline constexpr absl::string_view kUnlock = "UNLOCK TABLES";
// Of Weft's account, apart from sessions at rest.
inline constexpr absl::string_view kStatementsUnderWay =
    "SELECT COUNT(*) FROM performance_schema.processlist"
    " WHERE USER = 'weft_manage' AND COMMAND <> 'Sleep'";
inline constexpr absl::string_view kDumpThread =
    "SELECT ID FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'";
inline constexpr absl::string_view kStopApplier = "STOP REPLICA SQL_THREAD";
inline constexpr absl::string_view kDropLedgerQuietly =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0; DROP TABLE app.ledger;"
    " SET GLOBAL super_read_only = ON";
inline constexpr absl::string_view kRevoke =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0;"
    " REVOKE PROCESS ON *.* FROM weft_manage; DROP USER weft_replicate;"
    " SET GLOBAL super_read_only = ON";

}  // namespace weft::controller::test_sql
