#pragma once
#include "protos/weft/v1/topology.grpc.pb.h"
#include "services/controller/drain_signal.h"
#include "services/controller/metrics.h"
#include "services/controller/topology_hub.h"

namespace weft::controller {

// weft.v1.Topology. A watcher costs memory, no thread.
class TopologyService
    : public v1::Topology::WithCallbackMethod_WatchTopology<v1::Topology::Service> {
 public:
  // All outlive this and every stream.
  TopologyService(TopologyHub* hub, ControllerMetrics* metrics, DrainSignal* drain)
      : hub_(hub), metrics_(metrics), drain_(drain) {}

  grpc::Status GetTopology(grpc::ServerContext* context, const v1::GetTopologyRequest* request,
                           v1::TopologyUpdate* response) override;
  grpc::ServerWriteReactor<v1::TopologyUpdate>* WatchTopology(
      grpc::CallbackServerContext* context, const v1::WatchTopologyRequest* request) override;

 private:
  TopologyHub* const hub_;
  ControllerMetrics* const metrics_;
  DrainSignal* const drain_;
};

}  // namespace weft::controller
