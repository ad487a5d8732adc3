#pragma once

#include "absl/strings/string_view.h"

namespace weft::monitor::sql {

// One round trip: is it there, does it accept writes, what has it executed. `super` exists from
// 5.7.8 on; read_only alone binds nobody who may change it, so it is asked where it exists.
inline constexpr absl::string_view kStanding =
    "SELECT @@GLOBAL.super_read_only AS fenced, @@GLOBAL.gtid_executed AS executed";
inline constexpr absl::string_view kStandingOld =
    "SELECT @@GLOBAL.read_only AS fenced, @@GLOBAL.gtid_executed AS executed";

// Of this monitor, as a replica shows it.
inline constexpr absl::string_view kNewestBeat =
    "SELECT beat FROM weft_heartbeat.heartbeat WHERE observer = ?";

}  // namespace weft::monitor::sql
