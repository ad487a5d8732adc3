#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "services/monitor/beat_log.h"
#include "services/monitor/order_book.h"
#include "services/monitor/pulse_board.h"
#include "services/monitor/reporter.h"
#include "services/monitor/watcher.h"

namespace weft::monitor {

// A watcher, and a reporter for each controller: every controller hears everything, not only the
// leader. Watches nothing until a controller says what to watch, and goes on watching that while
// all controllers are away. Thread-safe.
class Monitor {
 public:
  struct Options {
    std::string observer;
    std::string zone;
    std::vector<rpc::ChannelOptions> controllers;
    Watcher::Options watcher;
  };

  // INVALID_ARGUMENT, FAILED_PRECONDITION: see rpc::Connect. Nothing is connected yet when it
  // returns. `metrics` and `clock` outlive the monitor.
  static absl::StatusOr<std::unique_ptr<Monitor>> Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock);
  ~Monitor();

 private:
  Monitor(const Options& options, rpc::Metrics* metrics, Clock* clock);

  // With what this monitor is called and has written.
  Watcher::Options WatcherOptions(const Options& options);

  void Seen(const WatchedServer& server, const Sample& sample, bool changed);
  // Of the controller at that address; see Reporter::ListTaker.
  void TakeOrder(const std::string& controller, std::optional<Order> order)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Follow(const Order& order) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::map<WatchedServer, Opinion> Opinions() const;

  rpc::Metrics* const metrics_;
  const rpc::Histogram probe_seconds_;
  const rpc::Gauge servers_watched_;
  Clock* const clock_;
  Mutex mutex_;
  OrderBook orders_ ABSL_GUARDED_BY(mutex_);
  // The primaries of the newest epochs heard of: a controller that follows may say an older one.
  std::map<std::string, Order::Primary> primaries_ ABSL_GUARDED_BY(mutex_);
  BeatLog beats_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<PulseBoard> pulses_;
  std::vector<std::unique_ptr<Reporter>> reporters_;  // constant once the first is started
};

}  // namespace weft::monitor
