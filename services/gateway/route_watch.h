#pragma once
// Listens to every controller, so that a dead one is missed by nobody.
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/controllers.h"
#include "common/rpc/metrics.h"
#include "common/rpc/stream_follower.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "protos/weft/v1/topology.grpc.pb.h"
#include "services/gateway/route_merge.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// Feeds Routes from the controllers' pushes (WatchTopology, WatchHealth). Two threads for each
// controller. Thread-safe but for construction and destruction.
class RouteWatch {
 public:
  // Begins at once. `routes`, `metrics` and `clock` outlive this.
  RouteWatch(const std::vector<rpc::Controllers::Controller>& controllers, Routes* routes,
             rpc::Metrics* metrics, Clock* clock);
  ~RouteWatch();

 private:
  struct Follower {
    std::string address;
    std::unique_ptr<v1::Topology::Stub> topology;
    std::unique_ptr<v1::Health::Stub> health;
    std::unique_ptr<rpc::StreamFollower<v1::TopologyUpdate>> topology_stream;
    std::unique_ptr<rpc::StreamFollower<v1::HealthUpdate>> health_stream;
  };

  void Take(size_t from, const v1::TopologyUpdate& update);
  void Ended(size_t from, const grpc::Status& status);
  void Take(const v1::HealthUpdate& update);
  // Passes on what the merge says.
  void Publish(bool changed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Routes* const routes_;
  Clock* const clock_;
  const rpc::Gauge heard_;
  const rpc::Gauge stale_since_;
  Mutex mutex_;
  RouteMerge merge_ ABSL_GUARDED_BY(mutex_);
  std::vector<Follower> followers_;  // the last member: its threads use the others
};

}  // namespace weft::gateway
