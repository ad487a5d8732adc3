#pragma once
// Client channels: TLS, keepalive, the login on each call.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/auth.h"

namespace weft::rpc {

struct ChannelOptions {
  // host:port; an IPv6 address in brackets.
  std::string address;

  // TLS when ca_file is set; certificate and key for servers that ask clients for one.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  // The name in the server's certificate, when it is not the address's host.
  std::string tls_server_name;

  // Sent with each call when not empty. Over plain text only to loopback, unless allow_insecure.
  Credentials credentials;
  bool allow_insecure = false;

  // A silent peer is noticed after keepalive_time + keepalive_timeout.
  absl::Duration keepalive_time = absl::Seconds(10);
  absl::Duration keepalive_timeout = absl::Seconds(5);
  // The longest pause between attempts to connect.
  absl::Duration max_reconnect_backoff = absl::Seconds(2);
  int max_message_bytes = 64 << 20;
};

// One for each "host:port" in `addresses`, which commas separate, otherwise as `like`.
// INVALID_ARGUMENT where none is named.
absl::StatusOr<std::vector<ChannelOptions>> ChannelsTo(absl::string_view addresses,
                                                       const ChannelOptions& like);

// Does not connect yet. InvalidArgument for a malformed address, FailedPrecondition for unreadable
// files or for credentials that would cross a network in plain text.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ChannelOptions& options);

// Sets the call's deadline. Every unary call needs one.
void SetDeadline(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace weft::rpc
