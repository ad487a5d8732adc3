#pragma once
// What the controller counts and measures. Labels are groups, servers (host:port), statuses and
// reasons of refusals: all bounded by what is managed.
#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "common/rpc/metrics.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// Thread-safe.
class ControllerMetrics {
 public:
  // `metrics` outlives this.
  explicit ControllerMetrics(rpc::Metrics* metrics);

  // --- of the process
  void Leading(bool leading) { leading_.Set(leading ? 1 : 0); }
  void StoreUp(bool up) { store_up_.Set(up ? 1 : 0); }
  void LiveMonitors(int count) { live_monitors_.Set(count); }
  void EventsDropped(int count) { events_dropped_.Increment(count); }
  void TopologyWatchers(size_t count) { watchers_.Set(static_cast<double>(count)); }

  // --- promises, in a histogram each
  void Probed(absl::Duration took) { probe_.Observe(took); }
  void Detected(absl::Duration took) { detection_.Observe(took); }
  void Promoted(absl::Duration took) { promotion_.Observe(took); }
  void WriteStopped(absl::Duration took) { write_stop_.Observe(took); }

  // --- of groups
  void FailedOver(const std::string& group);
  void Refused(const std::string& group, const std::string& reason);
  // The record's gauges; series of servers that are gone are dropped.
  void Show(const Group& group);
  // Those of a look: lag of each replica, and which findings there are.
  void Show(const Snapshot& look);
  void Remove(const std::string& group);

 private:
  using Series = std::set<std::pair<std::string, rpc::Labels>>;

  rpc::Counter Failovers(const std::string& group);
  void Set(absl::string_view name, absl::string_view help, const rpc::Labels& labels, double value,
           Series* now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Drops the series of `shown` that are not in `now`.
  void Replace(Series now, Series* shown) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  rpc::Metrics* const metrics_;
  const rpc::Gauge leading_;
  const rpc::Gauge store_up_;
  const rpc::Gauge live_monitors_;
  const rpc::Gauge watchers_;
  const rpc::Counter events_dropped_;
  const rpc::Histogram probe_;
  const rpc::Histogram detection_;
  const rpc::Histogram promotion_;
  const rpc::Histogram write_stop_;

  Mutex mutex_;
  std::map<std::string, Series> records_ ABSL_GUARDED_BY(mutex_);  // by group
  std::map<std::string, Series> looks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
