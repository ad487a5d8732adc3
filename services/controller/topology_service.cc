#include "services/controller/topology_service.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/rpc/guarded_service.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"
#include "services/controller/stream_writer.h"

namespace weft::controller {
namespace {

template <typename Names>
absl::StatusOr<std::set<std::string>> IdsOf(const Names& names) {
  std::set<std::string> ids;
  for (const std::string& name : names) {
    WEFT_ASSIGN_OR_RETURN(std::string id, GroupIdOf(name));
    ids.insert(std::move(id));
  }
  return ids;
}

class TopologyWatcher : public StreamWriter<v1::TopologyUpdate> {
 public:
  TopologyWatcher(TopologyHub* hub, ControllerMetrics* metrics, DrainSignal* drain,
                  const std::set<std::string>& groups)
      : StreamWriter(drain),
        hub_(hub),
        metrics_(metrics),
        updates_(hub->Subscribe(groups, [this] { Poke(); })) {
    metrics_->TopologyWatchers(hub_->Subscribers());
    Begin();
  }

 private:
  std::optional<v1::TopologyUpdate> Next() override {
    absl::StatusOr<std::optional<v1::TopologyUpdate>> update = updates_->Take();
    if (update.ok()) return *std::move(update);
    End(rpc::ToGrpc(update.status()));
    return std::nullopt;
  }
  void Closed() override {
    updates_->Close();
    updates_.reset();
    metrics_->TopologyWatchers(hub_->Subscribers());
  }

  TopologyHub* const hub_;
  ControllerMetrics* const metrics_;
  std::shared_ptr<TopologyHub::Subscription> updates_;
};

}  // namespace

grpc::Status TopologyService::GetTopology(grpc::ServerContext*,
                                          const v1::GetTopologyRequest* request,
                                          v1::TopologyUpdate* response) {
  const absl::StatusOr<std::set<std::string>> groups = IdsOf(request->groups());
  if (!groups.ok()) return rpc::ToGrpc(groups.status());
  return Answer(hub_->Get(*groups),
                [&](v1::TopologyUpdate update) { *response = std::move(update); });
}

grpc::ServerWriteReactor<v1::TopologyUpdate>* TopologyService::WatchTopology(
    grpc::CallbackServerContext*, const v1::WatchTopologyRequest* request) {
  const absl::StatusOr<std::set<std::string>> groups = IdsOf(request->groups());
  if (!groups.ok()) return new rpc::EndedStream<v1::TopologyUpdate>(rpc::ToGrpc(groups.status()));
  return new TopologyWatcher(hub_, metrics_, drain_, *groups);
}

}  // namespace weft::controller
