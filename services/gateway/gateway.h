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

// Stateless: any number of them may run beside each other. Lookups, and logins of users that it has
// heard of, go on while every controller is gone.
class Gateway {
 public:
  // One of Fabric's wires.
  struct Wire {
    // host:port; empty: it is not offered.
    std::string listen;
    // "host:port" as clients reach it: what dump.fabric_nodes tells. Empty: as `listen`, with this
    // machine's name where that is every address.
    std::string advertise;
    // False lets everybody in, who then may do all. Only on a loopback address.
    bool asks_for_login = true;
    // Both or none: PEM files. Of XML-RPC alone.
    std::string certificate_file;
    std::string key_file;
  };
  struct Options {
    std::string name;  // for people
    // One for each controller, with the gateway's own login: a user with the role gateway.
    std::vector<rpc::ChannelOptions> controllers;
    // The same of provisioners; none: no machines.
    std::vector<rpc::ChannelOptions> provisioners;
    Wire xmlrpc;
    Wire mysql;
    // host:port of the endpoints for load balancers, where nobody logs in and nothing can be
    // changed; empty: none.
    std::string http_listen;
    // Connections of one client address to one port; 0: as many as there may be of all.
    size_t connections_per_client = 0;
    // Seconds that clients may keep what they looked up.
    int ttl = 1;
    // What manage.stop does; it must return at once. Empty: manage.stop is refused.
    std::function<void()> stop;
  };

  // Errors as rpc::Connect, and as of the listeners. `metrics` and `clock` outlive the gateway.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock);
  ~Gateway();

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace weft::gateway
