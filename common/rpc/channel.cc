#include "common/rpc/channel.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/address.h"
#include "common/rpc/pem_file.h"
#include "common/rpc/wire_limits.h"

namespace weft::rpc {
namespace {

// Adds the login to each call. gRPC's own call credentials work over TLS only.
class LoginInterceptor : public grpc::experimental::Interceptor {
 public:
  explicit LoginInterceptor(const std::string& authorization) : authorization_(authorization) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", authorization_);
    }
    methods->Proceed();
  }

 private:
  const std::string& authorization_;
};

class LoginInterceptorFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit LoginInterceptorFactory(const Credentials& credentials)
      : authorization_(Authorization(credentials)) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new LoginInterceptor(authorization_);
  }

 private:
  const std::string authorization_;
};

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TransportOf(const ChannelOptions& options,
                                                                      const Endpoint& endpoint) {
  if (!options.ca_file.empty()) {
    grpc::SslCredentialsOptions ssl;
    WEFT_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPemFile(options.ca_file));
    if (!options.certificate_file.empty()) {
      WEFT_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPemFile(options.certificate_file));
      WEFT_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPemFile(options.key_file));
    }
    return grpc::SslCredentials(ssl);
  }
  const bool secret = !options.credentials.empty();
  if (secret && !options.allow_insecure && !IsLoopback(endpoint.host)) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "INSECURE_CHANNEL",
        absl::StrCat("a login to ", options.address, " would cross the network in plain"),
        "TLS, or a loopback address", "neither", "name the CA's file, or allow it by --insecure");
  }
  return grpc::InsecureChannelCredentials();
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

absl::StatusOr<std::vector<ChannelOptions>> ChannelsTo(absl::string_view addresses,
                                                       const ChannelOptions& like) {
  std::vector<ChannelOptions> channels;
  for (absl::string_view address : absl::StrSplit(addresses, ',', absl::SkipWhitespace())) {
    channels.push_back(like);
    channels.back().address = std::string(address);
  }
  if (!channels.empty()) return channels;
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "--controller names no controller",
                 "host:port of each, separated by commas", "nothing", "");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ChannelOptions& options) {
  WEFT_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(options.address));
  WEFT_ASSIGN_OR_RETURN(const auto transport, TransportOf(options, endpoint));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(options.max_reconnect_backoff));
  // A process that was begun again, in a pod or a container, may have another address: a name is
  // not looked up again before this, by default for 30 s.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  // Farms are reached directly; a proxy of the environment is for the web.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.tls_server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls_server_name);
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!options.credentials.empty()) {
    interceptors.push_back(std::make_unique<LoginInterceptorFactory>(options.credentials));
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      endpoint.ToString(), transport, arguments, std::move(interceptors));
}

void SetDeadline(grpc::ClientContext& context, absl::Duration timeout) {
  const absl::Duration bounded = std::min(timeout, absl::Hours(24 * 365));
  // Monotonic, so that a step of the wall clock neither ends a call nor keeps it.
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_micros(absl::ToInt64Microseconds(bounded), GPR_TIMESPAN)));
}

}  // namespace weft::rpc
