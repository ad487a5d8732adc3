#pragma once
// Durations as people read them, in messages. Pure.
#include <string>

#include "absl/time/time.h"

namespace weft {

// Rounded to what matters: "0 s", "less than 1 ms", "300 ms", "2.0 s", "17 s", "1 min 5 s",
// "2 h 30 min", "3 d 4 h", "for ever". A negative one has a "-" before it.
std::string DurationText(absl::Duration duration);

}  // namespace weft
