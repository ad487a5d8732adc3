#pragma once

#include "absl/strings/string_view.h"

namespace weft {

// The database of Weft's own on the servers it manages, and the one table in it: a row for each
// monitor, written on the primary of record alone, as the probe of whether it can commit. What a
// deposed primary has too many of these says nothing of any client's data.
inline constexpr absl::string_view kHeartbeatSchema = "weft_heartbeat";
inline constexpr absl::string_view kHeartbeatTable = "heartbeat";

}  // namespace weft
