#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/monitor/watcher.h"

namespace weft::monitor {

// What a controller wants to be watched, and to which of it a heartbeat be written.
struct Order {
  struct Primary {
    WatchedServer server;
    uint64_t epoch = 0;
  };
  std::vector<WatchedServer> servers;
  std::map<std::string, Primary> primaries;                // by group
  absl::Duration heartbeat_period = absl::ZeroDuration();  // zero: none is written
  // Of the state store's lease, as the controller knew it; 0: it does not say.
  uint64_t term = 0;
  bool leading = false;  // it won that term's lease
};

// Which of several controllers' orders counts: one that is cut off from the state store knows the
// groups of long ago. Pure. Not thread-safe.
class OrderBook {
 public:
  // The last word of `controller`; nullopt: it cannot be heard any more.
  void Take(const std::string& controller, std::optional<Order> order);
  // That of the greatest term, in it the leader's, else the last that came; nullptr without any.
  // Valid until the next Take.
  const Order* Best() const;

 private:
  std::vector<std::pair<std::string, Order>> orders_;  // by controller; the last that came last
};

}  // namespace weft::monitor
