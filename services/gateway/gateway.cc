#include "services/gateway/gateway.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/gateway/route_watch.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// In the order of their needs: what is below uses what is above.
struct Gateway::Parts {
  explicit Parts(Clock* clock) : routes(clock) {}

  Routes routes;
  std::unique_ptr<RouteWatch> route_watch;
};

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Gateway::~Gateway() = default;

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Options& options,
                                                        rpc::Metrics* /*metrics*/, Clock* clock) {
  auto parts = std::make_unique<Parts>(clock);
  std::vector<RouteWatch::Controller> controllers;
  for (const rpc::ChannelOptions& controller : options.controllers) {
    WEFT_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::Connect(controller));
    controllers.push_back({controller.address, std::move(channel)});
  }
  parts->route_watch = std::make_unique<RouteWatch>(controllers, &parts->routes, clock);
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

}  // namespace weft::gateway
