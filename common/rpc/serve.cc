#include "common/rpc/serve.h"

#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/address.h"
#include "common/rpc/call_metrics.h"
#include "common/rpc/exposition.h"
#include "common/rpc/server_credentials.h"
#include "common/rpc/wire_limits.h"
#include "grpc/health/v1/health.pb.h"

namespace weft::rpc {
namespace {

// gRPC's plugins are switched on for the whole process, before the first server is built.
void EnablePlugins() {
  static const bool done = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // gRPC's health service is built without a descriptor: reflection knows it only when one is
    // linked in, and the linker keeps it only when something refers to it.
    return grpc::health::v1::HealthCheckRequest::descriptor() != nullptr;
  }();
  static_cast<void>(done);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsFor(
    const Server::Options& options, const Endpoint& endpoint) {
  if (!options.certificate_file.empty() || !options.key_file.empty()) {
    return TlsCredentials(options.certificate_file, options.key_file, options.client_ca_file,
                          options.authenticator);
  }
  if (IsLoopback(endpoint.host) || options.allow_insecure) {
    return PlainCredentials(options.authenticator);
  }
  return Refusal(absl::StatusCode::kFailedPrecondition, "INSECURE_LISTENER",
                 absl::StrCat("gRPC on ", options.listen, " would be open to the network in plain"),
                 "a TLS certificate and key, or a loopback address", "neither",
                 "name certificate and key, listen on 127.0.0.1, or allow it by --insecure");
}

void Configure(grpc::ServerBuilder& builder, const Server::Options& options) {
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // Two processes on one port would each get some of the calls, and neither would notice.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients ping idle connections every 10 s (channel.h); by default that is too often.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A client whose machine is gone must not hold a stream for ever.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  if (options.metrics != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(CallMetrics(options.metrics));
    builder.experimental().SetInterceptorCreators(std::move(creators));
  }
}

absl::Status CannotServe(const std::string& listen) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "CANNOT_SERVE",
                 absl::StrCat("cannot serve gRPC on ", listen),
                 "a free address and a matching certificate and key", "gRPC refused to start",
                 "check the address, and that certificate and key belong together");
}

// Health alone, which gRPC's plugin brings along.
absl::StatusOr<std::unique_ptr<grpc::Server>> ServeHealth(Endpoint* endpoint) {
  WEFT_RETURN_IF_ERROR(CheckBindable(*endpoint));
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(endpoint->ToString(), grpc::InsecureServerCredentials(), &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return CannotServe(endpoint->ToString());
  endpoint->port = port;
  return server;
}

}  // namespace

struct Server::State {
  Options options;
  Endpoint endpoint;
  std::unique_ptr<grpc::Server> server;
  Endpoint health_endpoint;
  std::unique_ptr<grpc::Server> health;
  std::unique_ptr<Exposition> exposition;
  bool drained = false;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Drain(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options) {
  auto state = std::make_unique<State>();
  WEFT_ASSIGN_OR_RETURN(state->endpoint, ParseEndpoint(options.listen));
  WEFT_ASSIGN_OR_RETURN(const auto credentials, CredentialsFor(options, state->endpoint));
  if (options.lets_everybody_in && !IsLoopback(state->endpoint.host)) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "LOGIN_REQUIRED",
        absl::StrCat("gRPC on ", options.listen, " would let everybody do everything"),
        "a login, or a loopback address", "neither",
        "name the admin's password file by --admin-password-file, or listen on 127.0.0.1");
  }
  WEFT_RETURN_IF_ERROR(CheckBindable(state->endpoint));
  if (!options.metrics_listen.empty()) {
    WEFT_ASSIGN_OR_RETURN(const Endpoint metrics, ParseEndpoint(options.metrics_listen));
    WEFT_ASSIGN_OR_RETURN(state->exposition, Exposition::Start(metrics, *options.metrics));
  }
  EnablePlugins();
  grpc::ServerBuilder builder;
  Configure(builder, options);
  int port = 0;
  builder.AddListeningPort(state->endpoint.ToString(), credentials, &port);
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || port == 0) return CannotServe(options.listen);
  state->endpoint.port = port;
  if (!options.health_listen.empty()) {
    WEFT_ASSIGN_OR_RETURN(state->health_endpoint, ParseEndpoint(options.health_listen));
    WEFT_ASSIGN_OR_RETURN(state->health, ServeHealth(&state->health_endpoint));
  }
  state->options = std::move(options);
  auto server = std::unique_ptr<Server>(new Server(std::move(state)));
  server->SetServing(false);
  server->ExposeBuild();
  return server;
}

void Server::ExposeBuild() {
  const Options& options = state_->options;
  if (options.metrics == nullptr) return;
  options.metrics
      ->GetGauge("build_info", "Always 1; the labels say what runs.",
                 {{"name", options.name}, {"version", options.version}})
      .Set(1);
}

void Server::SetServing(bool serving) {
  for (const std::string& service : state_->options.service_names) SetServing(service, serving);
  SetServing("", serving);
}

void Server::SetServing(const std::string& service, bool serving) {
  state_->server->GetHealthCheckService()->SetServingStatus(service, serving);
  if (state_->health == nullptr) return;
  state_->health->GetHealthCheckService()->SetServingStatus(service, serving);
}

int Server::port() const { return state_->endpoint.port; }

int Server::health_port() const { return state_->health_endpoint.port; }

int Server::metrics_port() const {
  return state_->exposition == nullptr ? 0 : state_->exposition->port();
}

std::string Server::address() const { return state_->endpoint.ToString(); }

void Server::Drain() {
  if (std::exchange(state_->drained, true)) return;
  // Also ends the health service's own watches.
  state_->server->GetHealthCheckService()->Shutdown();
  if (state_->health != nullptr) state_->health->GetHealthCheckService()->Shutdown();
  if (state_->options.on_drain) state_->options.on_drain();
  const int64_t patience = absl::ToInt64Microseconds(state_->options.drain_deadline);
  state_->server->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(patience, GPR_TIMESPAN)));
  state_->server->Wait();
  if (state_->health != nullptr) state_->health->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
}

}  // namespace weft::rpc
