#pragma once
// Where transactions go, as the controllers pushed it last. Lookups are answered from here, so they
// cost no call and go on while every controller and the store are down.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "common/model/server.h"

namespace weft::gateway {

struct RoutedServer {
  std::string uuid;  // lower case
  HostPort address;
  ServerStatus status = ServerStatus::kSecondary;
  ServerMode mode = ServerMode::kReadOnly;
  double weight = 1.0;
  friend bool operator==(const RoutedServer&, const RoutedServer&) = default;
};

struct RoutedGroup {
  std::string id;
  std::string description;
  // Failures are repaired without being asked.
  bool active = false;
  // UUID; empty: no writes.
  std::string primary;
  // Raised by each change of primary.
  uint64_t epoch = 0;
  // All of them, FAULTY ones too; ordered by UUID.
  std::vector<RoutedServer> servers;
  friend bool operator==(const RoutedGroup&, const RoutedGroup&) = default;
};

// The whole topology at one moment; never changes.
struct RouteSnapshot {
  struct Place {
    std::shared_ptr<const RoutedGroup> group;
    const RoutedServer* server = nullptr;  // of `group`
  };

  // By id.
  std::map<std::string, std::shared_ptr<const RoutedGroup>> groups;
  // Every server by its UUID, and by "host:port".
  std::map<std::string, Place> by_uuid;
  std::map<std::string, Place> by_address;

  // By its UUID in any case, or to the letter by "host:port"; nullptr where there is none.
  const Place* Find(const std::string& server) const;
};

// The snapshot of these groups.
std::shared_ptr<const RouteSnapshot> MakeRouteSnapshot(
    std::map<std::string, std::shared_ptr<const RoutedGroup>> groups);

// Thread-safe; never blocks for long.
class Routes {
 public:
  // `clock` outlives this.
  explicit Routes(Clock* clock) : clock_(clock), heard_(clock->MonotonicNow()) {}

  // nullptr until a controller has pushed the first: nothing is known, not even that there is
  // nothing.
  std::shared_ptr<const RouteSnapshot> Get() const;
  // How far a replica is behind, as the monitors said last: no replica is lost to clients because
  // the monitors are. nullopt: it does not replicate, or nobody is to watch it, since its group is
  // not active.
  std::optional<absl::Duration> LagOf(const std::string& uuid) const;
  // Blocks until `holds` of the snapshot, at most `timeout`; false when that is over.
  bool Await(absl::FunctionRef<bool(const RouteSnapshot&)> holds, absl::Duration timeout) const;
  // How long no controller has been heard; 0 while one pushes.
  absl::Duration Staleness() const;

  // What follows is called by what listens to the controllers.
  void Set(std::shared_ptr<const RouteSnapshot> snapshot);
  void SetLag(const std::string& uuid, std::optional<absl::Duration> lag);
  void SetConnected(bool connected);

 private:
  Clock* const clock_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::shared_ptr<const RouteSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Duration> lags_ ABSL_GUARDED_BY(mutex_);
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  // Monotonic, while not connected: when one was heard last; before the first, the start.
  absl::Duration heard_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway
