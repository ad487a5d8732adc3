#include "common/rpc/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"

namespace weft::rpc {
namespace {

absl::Status Malformed(absl::string_view text) {
  return Refusal(absl::StatusCode::kInvalidArgument, "MALFORMED_ADDRESS",
                 absl::StrCat("malformed address \"", text, "\""),
                 "host:port or [IPv6 address]:port, with a port from 0 to 65535",
                 absl::StrCat("\"", text, "\""), "correct the address");
}

// 0, or why nobody may listen there.
int BindError(const addrinfo& address) {
  const int descriptor =
      socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (descriptor < 0) return errno;
  // As gRPC does it: a port is free while old connections of it still fade away.
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  int error = bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  // With SO_REUSEADDR, two sockets may be bound while neither listens.
  if (error == 0 && listen(descriptor, 1) != 0) error = errno;
  close(descriptor);
  return error;
}

}  // namespace

std::string Endpoint::ToString() const {
  const bool v6 = absl::StrContains(host, ':');
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Malformed(text);
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  if (bracketed != absl::ConsumeSuffix(&host, "]")) return Malformed(text);
  if (bracketed != absl::StrContains(host, ':')) return Malformed(text);
  Endpoint endpoint{.host = std::string(host), .port = 0};
  const bool digits = !port.empty() && absl::ascii_isdigit(port[0]);
  if (!digits || !absl::SimpleAtoi(port, &endpoint.port) || endpoint.port > 65535 || host.empty() ||
      host.find_first_of(" \t\n/[]") != absl::string_view::npos) {
    return Malformed(text);
  }
  return endpoint;
}

bool IsLoopback(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr v4;
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6;
  return inet_pton(AF_INET6, std::string(host).c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

absl::Status CheckBindable(const Endpoint& endpoint) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failure != 0) {
    return Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_HOST",
                   absl::StrCat("cannot listen on ", endpoint.ToString()),
                   "a name or address of this machine", gai_strerror(failure),
                   "name an address of this machine, such as 127.0.0.1 or 0.0.0.0");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  const int error = BindError(*found);
  if (error == 0) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition,
                 error == EADDRINUSE ? "ADDRESS_IN_USE" : "CANNOT_LISTEN",
                 absl::StrCat("cannot listen on ", endpoint.ToString()), "a free address",
                 std::generic_category().message(error),
                 error == EADDRINUSE ? "stop whatever listens there, or choose another port"
                                     : "choose an address of this machine and a port above 1023");
}

}  // namespace weft::rpc
