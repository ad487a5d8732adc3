#include "services/gateway/rest_listener.h"

#include <utility>

namespace weft::gateway {

absl::StatusOr<std::unique_ptr<http::Server>> ServeRest(const Rest* rest,
                                                        const RestListenerOptions& options) {
  http::Server::Options serve;
  serve.listen = options.listen;
  serve.certificate_file = options.certificate_file;
  serve.key_file = options.key_file;
  serve.max_connections_per_peer = options.max_connections_per_peer;
  serve.threads = 1;
  // Nothing is posted here.
  serve.max_body_bytes = 4 << 10;
  serve.handler = [rest](const http::Request& request, const http::Server::Respond& respond) {
    respond(rest->Answer(request));
  };
  return http::Server::Start(std::move(serve));
}

}  // namespace weft::gateway
