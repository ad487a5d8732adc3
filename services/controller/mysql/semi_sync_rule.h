#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace weft::controller {

// Commits wait for their acknowledgements for as long as it takes, and before anybody sees them:
// they never fall back to waiting for nobody (rules 1 and 5). `timeout` in milliseconds; 49 days
// and more count as endless.
inline bool IsEndless(uint64_t timeout, bool wait_no_replica, absl::string_view wait_point) {
  constexpr uint64_t kEndlessFrom = 4294967295;
  return timeout >= kEndlessFrom && wait_no_replica && wait_point == "AFTER_SYNC";
}

}  // namespace weft::controller
