#pragma once
// Addresses that processes listen on and connect to.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::rpc {

struct Endpoint {
  std::string host;  // without brackets
  int port = 0;

  // host:port, with brackets around an IPv6 address.
  std::string ToString() const;
};

// "host:port" or "[v6]:port"; port 0 to 65535. INVALID_ARGUMENT MALFORMED_ADDRESS says what was
// expected.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);

// True for 127.0.0.0/8, ::1 and "localhost", with or without brackets.
bool IsLoopback(absl::string_view host);

// Binds a socket to `endpoint` and lets go of it: OK when a server may listen there,
// FAILED_PRECONDITION ADDRESS_IN_USE, or what else the system says. gRPC itself only says that it
// failed.
absl::Status CheckBindable(const Endpoint& endpoint);

}  // namespace weft::rpc
