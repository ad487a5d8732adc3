#pragma once
// The socket that an HTTP server listens on.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sockaddr;

namespace weft::gateway::http {

struct ListenSocket {
  int descriptor = -1;
  int port = 0;
};

// Binds and listens; the caller closes it. INVALID_ARGUMENT MALFORMED_ADDRESS, FAILED_PRECONDITION
// ADDRESS_IN_USE or UNKNOWN_HOST. A name takes the first of its addresses.
absl::StatusOr<ListenSocket> Listen(absl::string_view address);

// "host:port", with brackets around an IPv6 address; "" of another family.
std::string PeerName(const sockaddr* address);

}  // namespace weft::gateway::http
