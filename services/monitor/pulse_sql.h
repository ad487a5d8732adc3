#pragma once

#include "absl/strings/string_view.h"

// The names are those of common/model/heartbeat.h.
namespace weft::monitor::sql {

inline constexpr absl::string_view kMakeHeartbeat[] = {
    "CREATE DATABASE IF NOT EXISTS weft_heartbeat",
    "CREATE TABLE IF NOT EXISTS weft_heartbeat.heartbeat ("
    " observer VARCHAR(191) NOT NULL, epoch BIGINT UNSIGNED NOT NULL,"
    " beat BIGINT UNSIGNED NOT NULL, written DATETIME(6) NOT NULL, PRIMARY KEY (observer)"
    ") ENGINE = InnoDB CHARACTER SET utf8mb4 COMMENT = 'Whether the primary can commit, by "
    "monitor.'",
};

// What a heartbeat is bound to: the server's own clock, and that it accepts writes.
inline constexpr absl::string_view kClock =
    "SELECT CAST(SYSDATE(6) + INTERVAL ? MICROSECOND AS CHAR) AS deadline,"
    " @@GLOBAL.read_only AS closed";

// One row changed, or none where the server's clock is past the deadline: what was sent to a server
// that hung, or over a network that was cut, must not write when it arrives at last. Parameters:
// observer, epoch, beat, deadline, epoch, beat.
inline constexpr absl::string_view kBeat =
    "INSERT INTO weft_heartbeat.heartbeat (observer, epoch, beat, written)"
    " SELECT ?, ?, ?, SYSDATE(6) FROM DUAL WHERE SYSDATE(6) <= CAST(? AS DATETIME(6))"
    " AND @@GLOBAL.read_only = 0"
    " ON DUPLICATE KEY UPDATE epoch = ?, beat = ?, written = SYSDATE(6)";

// Its own sessions are all that an account without PROCESS sees. Parameter: connection id.
inline constexpr absl::string_view kIsSessionLeft =
    "SELECT COUNT(*) AS count FROM information_schema.processlist WHERE id = ?";

}  // namespace weft::monitor::sql
