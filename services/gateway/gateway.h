#pragma once
// The gateway's parts, put together: what it hears of the controllers, and what it offers clients.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"

namespace weft::gateway {

// Stateless: any number of them may run beside each other. Lookups go on while every controller is
// gone.
class Gateway {
 public:
  struct Options {
    // One for each controller, with the gateway's own login.
    std::vector<rpc::ChannelOptions> controllers;
  };

  // Errors as rpc::Connect. `metrics` and `clock` outlive the gateway.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock);
  ~Gateway();

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace weft::gateway
