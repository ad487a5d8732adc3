#pragma once
// HTTP 32270 on a socket.
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/gateway/http/server.h"
#include "services/gateway/rest.h"

namespace weft::gateway {

struct RestListenerOptions {
  std::string listen;  // host:port; port 0 takes a free one
  // Both or none: PEM files.
  std::string certificate_file;
  std::string key_file;
  // As http::Server::Options has it.
  size_t max_connections_per_peer = 0;
};

// Serves `rest`, which outlives the server. The errors of http::Server::Start.
absl::StatusOr<std::unique_ptr<http::Server>> ServeRest(const Rest* rest,
                                                        const RestListenerOptions& options);

}  // namespace weft::gateway
