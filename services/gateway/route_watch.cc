#include "services/gateway/route_watch.h"

#include <optional>
#include <utility>

#include "common/log/log.h"
#include "common/rpc/model.h"

namespace weft::gateway {

RouteWatch::RouteWatch(const std::vector<rpc::Controllers::Controller>& controllers, Routes* routes,
                       rpc::Metrics* metrics, Clock* clock)
    : routes_(routes),
      clock_(clock),
      heard_(metrics->GetGauge("gateway_controllers_heard",
                               "Controllers that push the topology to this gateway.")),
      stale_since_(
          metrics->GetGauge("gateway_stale_since_seconds",
                            "Unix time since which no controller was heard; 0 while one is.")),
      merge_(controllers.size()) {
  stale_since_.Set(absl::ToDoubleSeconds(clock->Now() - absl::UnixEpoch()));
  for (size_t i = 0; i < controllers.size(); ++i) {
    Follower& follower = followers_.emplace_back();
    follower.address = controllers[i].address;
    follower.topology = v1::Topology::NewStub(controllers[i].channel);
    follower.health = v1::Health::NewStub(controllers[i].channel);
  }
  // Only now: each thread may look at all of them.
  for (size_t i = 0; i < followers_.size(); ++i) {
    Follower& follower = followers_[i];
    follower.topology_stream = std::make_unique<rpc::StreamFollower<v1::TopologyUpdate>>(
        rpc::StreamFollower<v1::TopologyUpdate>::Callbacks{
            .open =
                [stub = follower.topology.get()](grpc::ClientContext* context) {
                  return stub->WatchTopology(context, v1::WatchTopologyRequest());
                },
            .message = [this, i](const v1::TopologyUpdate& update) { Take(i, update); },
            .ended = [this, i](const grpc::Status& status) { Ended(i, status); },
            .refused =
                [this, i](const grpc::Status& status) {
                  WEFT_LOG(
                      kWarning, "a controller tells no topology",
                      {{"controller", followers_[i].address}, {"error", status.error_message()}});
                }},
        clock);
    follower.health_stream = std::make_unique<rpc::StreamFollower<v1::HealthUpdate>>(
        rpc::StreamFollower<v1::HealthUpdate>::Callbacks{
            .open =
                [stub = follower.health.get()](grpc::ClientContext* context) {
                  return stub->WatchHealth(context, v1::WatchHealthRequest());
                },
            .message = [this](const v1::HealthUpdate& update) { Take(update); }},
        clock);
  }
}

RouteWatch::~RouteWatch() = default;

void RouteWatch::Take(size_t from, const v1::TopologyUpdate& update) {
  if (update.complete()) {
    WEFT_LOG(kInfo, "hears a controller",
             {{"controller", followers_[from].address},
              {"leading", update.leading()},
              {"groups", update.groups_size()}});
  }
  MutexLock lock(&mutex_);
  Publish(merge_.Take(from, update));
}

void RouteWatch::Ended(size_t from, const grpc::Status& status) {
  WEFT_LOG(kWarning, "lost a controller",
           {{"controller", followers_[from].address}, {"error", status.error_message()}});
  MutexLock lock(&mutex_);
  Publish(merge_.Ended(from));
}

void RouteWatch::Publish(bool changed) {
  if (changed) routes_->Set(MakeRouteSnapshot(*merge_.groups()));
  const int heard = merge_.heard();
  routes_->SetConnected(heard > 0);
  heard_.Set(heard);
  if (heard > 0) {
    stale_since_.Set(0);
  } else if (stale_since_.Value() == 0) {
    stale_since_.Set(absl::ToDoubleSeconds(clock_->Now() - absl::UnixEpoch()));
  }
}

void RouteWatch::Take(const v1::HealthUpdate& update) {
  // Of a server that is not named any more what was known stays: a controller that has just begun
  // knows less than this gateway.
  for (const v1::ServerVitals& server : update.servers()) {
    std::optional<absl::Duration> lag;
    if (server.has_lag()) lag = rpc::FromProto(server.lag());
    routes_->SetLag(server.uuid(), lag);
  }
}

}  // namespace weft::gateway
