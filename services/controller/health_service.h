#pragma once
#include "protos/weft/v1/health.grpc.pb.h"
#include "services/controller/drain_signal.h"
#include "services/controller/health_table.h"
#include "services/controller/reconciler.h"
#include "services/controller/watch_list.h"

namespace weft::controller {

// weft.v1.Health: takes what monitors report and wakes the groups concerned at once.
class HealthService : public v1::Health::WithCallbackMethod_Report<
                          v1::Health::WithCallbackMethod_WatchHealth<v1::Health::Service>> {
 public:
  // All outlive this and every stream.
  HealthService(HealthTable* table, WatchListBoard* watch_list, Reconciler* reconciler,
                DrainSignal* drain)
      : table_(table), watch_list_(watch_list), reconciler_(reconciler), drain_(drain) {}

  grpc::ServerBidiReactor<v1::HealthReport, v1::WatchList>* Report(
      grpc::CallbackServerContext* context) override;
  grpc::Status GetHealth(grpc::ServerContext* context, const v1::GetHealthRequest* request,
                         v1::GetHealthResponse* response) override;
  grpc::ServerWriteReactor<v1::HealthUpdate>* WatchHealth(
      grpc::CallbackServerContext* context, const v1::WatchHealthRequest* request) override;

 private:
  HealthTable* const table_;
  WatchListBoard* const watch_list_;
  Reconciler* const reconciler_;
  DrainSignal* const drain_;
};

}  // namespace weft::controller
