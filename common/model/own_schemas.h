#pragma once

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"
#include "common/model/heartbeat.h"

namespace weft {

// All databases that Weft makes for itself on servers of applications: nobody's data. Whole names,
// not a prefix: "weft_shop" is somebody's.
inline constexpr std::array<absl::string_view, 4> kOwnSchemas = {
    kHeartbeatSchema,
    "weft_unfinished_copy",  // the target of a copy, until that is whole
    "weft_copied",           // which failed clones are settled
    "weft_rewind",           // a member whose errant transactions are being taken back
};

inline bool IsOwnSchema(absl::string_view name) {
  return std::find(kOwnSchemas.begin(), kOwnSchemas.end(), name) != kOwnSchemas.end();
}

}  // namespace weft
