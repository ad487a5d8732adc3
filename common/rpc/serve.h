#pragma once
// The shell that every Weft process shares: gRPC with health and reflection, TLS, login, /metrics,
// signals, drain.
//
//   rpc::Server::Options options;
//   options.name = "weft-controller"; options.listen = "127.0.0.1:32280"; options.services =
//   {&groups}; WEFT_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Server> server,
//   rpc::Server::Start(std::move(options))); server->SetServing(true); rpc::WaitForTermination();
//   // SIGTERM or SIGINT server->Drain();
#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/auth.h"
#include "common/rpc/metrics.h"
#include "common/rpc/termination.h"

namespace weft::rpc {

class Server {
 public:
  struct Options {
    // The process, for the build information metric: "weft-controller".
    std::string name;
    std::string version;

    // host:port of gRPC; port 0 takes a free one (see port()). Beyond loopback this needs TLS or
    // allow_insecure.
    std::string listen;
    std::string certificate_file;
    std::string key_file;
    // When set, clients must show a certificate that it vouches for.
    std::string client_ca_file;
    bool allow_insecure = false;

    // host:port of another gRPC server, in plain text, that answers health checks and nothing else:
    // for probes that speak no TLS, as Kubernetes' do. "" serves none; port 0 takes a free one.
    std::string health_listen;

    // host:port of /metrics over HTTP; "" serves none.
    std::string metrics_listen;
    // Shared with the rest of the process; outlives the server. Required when metrics_listen is
    // set.
    Metrics* metrics = nullptr;

    // Not owned; outlive the server.
    std::vector<grpc::Service*> services;
    // What health reports besides the whole process, usually Api::service_full_name() of each.
    std::vector<std::string> service_names;

    // nullptr lets everybody in. Health and reflection need no login.
    std::shared_ptr<const Authenticator> authenticator;

    // The services ask for no login. Beyond loopback nobody may do everything unasked, whatever
    // vouches for the connection: FAILED_PRECONDITION LOGIN_REQUIRED.
    bool lets_everybody_in = false;

    // Called once at the start of Drain, to end the streams that would otherwise use up its time.
    std::function<void()> on_drain;
    // How long Drain lets running calls finish.
    absl::Duration drain_deadline = absl::Seconds(5);
    int max_message_bytes = 64 << 20;
  };

  // Binds and serves. Nothing is left behind on error: InvalidArgument for a malformed address,
  // FailedPrecondition INSECURE_LISTENER, ADDRESS_IN_USE or unreadable files, with what to do.
  // Health says NOT_SERVING until SetServing(true).
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options);

  // Drains if that was not done.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Of the whole process (service name ""), and of each of its services. Thread safe.
  void SetServing(bool serving);
  void SetServing(const std::string& service, bool serving);

  // The ports really bound; 0 for what is not served.
  int port() const;
  int health_port() const;
  int metrics_port() const;
  // host:port with the port really bound.
  std::string address() const;

  // Health says NOT_SERVING, new calls are refused, running ones get drain_deadline and are then
  // cancelled. Streams that must end sooner should watch ServerContext::IsCancelled. Blocks; may be
  // repeated.
  void Drain();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  void ExposeBuild();
  std::unique_ptr<State> state_;
};

}  // namespace weft::rpc
