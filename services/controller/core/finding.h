#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

enum class Severity { kInfo, kWarning, kCritical };

// A named condition of a snapshot, for `weft why`, events, alerts. `code` is UPPER_SNAKE, stable.
struct Finding {
  std::string code;
  Severity severity = Severity::kWarning;
  ServerUuid server;      // empty: of the group
  std::string message;    // what was expected and what was found
  std::string next_step;  // what a person can do; empty: nothing is needed
  bool muted = false;     // a window of maintenance is open: it is shown, and alarms nobody
  friend bool operator==(const Finding&, const Finding&) = default;
};

// Every condition that holds, in the order of the table in finding.cc. Pure.
std::vector<Finding> Find(const Snapshot& snapshot);

}  // namespace weft::controller
