#pragma once

#include "absl/strings/string_view.h"

// What the tests of the monitor do to a server beside what the monitor does.
namespace weft::monitor::sql {

inline constexpr absl::string_view kOpen =
    "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF";
inline constexpr absl::string_view kClose = "SET GLOBAL super_read_only = ON";
// Parameter: a number of a heartbeat.
inline constexpr absl::string_view kReadHeartbeat =
    "SELECT observer, epoch, beat - %d FROM weft_heartbeat.heartbeat";
inline constexpr absl::string_view kStopApplier = "STOP REPLICA SQL_THREAD";
inline constexpr absl::string_view kStartApplier = "START REPLICA SQL_THREAD";
// No commit succeeds while the session lives.
inline constexpr absl::string_view kLockEverything = "FLUSH TABLES WITH READ LOCK";
inline constexpr absl::string_view kUnlock = "UNLOCK TABLES";

}  // namespace weft::monitor::sql
