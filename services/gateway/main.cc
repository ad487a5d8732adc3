// weft-gateway: Fabric's wires and the endpoints of load balancers, answered from what the
// controllers push.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/command_line.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "common/rpc/termination.h"
#include "common/version/program.h"
#include "common/version/version.h"
#include "services/gateway/gateway.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:32283", "host:port of gRPC (health and reflection).");
ABSL_FLAG(std::string, metrics_listen, "", "host:port of /metrics; empty: none.");
ABSL_FLAG(
    std::string, health_listen, "",
    "host:port of gRPC health checks alone, in plain text (Kubernetes' probes); empty: none.");
ABSL_FLAG(std::string, name, "gateway-1", "Name of this gateway, for people.");
ABSL_FLAG(std::string, controller, "127.0.0.1:32280",
          "host:port of every controller, separated by commas.");
ABSL_FLAG(std::string, provisioner, "",
          "host:port of every provisioner, separated by commas; empty: none, and so no machines.");
ABSL_FLAG(std::string, admin_user, "admin", "User that asks the controllers.");
ABSL_FLAG(std::string, admin_password_file, "", "File with its password.");

ABSL_FLAG(std::string, xmlrpc_listen, "127.0.0.1:32274", "host:port of XML-RPC; empty: none.");
ABSL_FLAG(bool, xmlrpc_auth, true, "Ask for a login there; without it only on loopback.");
ABSL_FLAG(std::string, xmlrpc_tls_cert, "", "Certificate for XML-RPC; empty: plain text.");
ABSL_FLAG(std::string, xmlrpc_tls_key, "", "Key of that certificate.");
ABSL_FLAG(std::string, advertise_xmlrpc, "",
          "host:port that clients are told (dump.fabric_nodes); empty: where it listens.");
ABSL_FLAG(std::string, mysql_listen, "127.0.0.1:32275", "host:port of MySQL-RPC; empty: none.");
ABSL_FLAG(bool, mysql_auth, true, "Ask for a login there; without it only on loopback.");
ABSL_FLAG(std::string, advertise_mysql, "",
          "host:port that clients are told (dump.fabric_nodes); empty: where it listens.");
ABSL_FLAG(int, connections_per_client, 2048,
          "Connections that one address may have to one port, of 8192 in all; 0: no such bound.");
ABSL_FLAG(int, ttl, 1, "Seconds that connectors may keep what they looked up.");
ABSL_FLAG(bool, allow_stop, false, "Let manage.stop end this process.");
ABSL_FLAG(std::string, http_listen, "127.0.0.1:32270",
          "host:port of the endpoints for load balancers; empty: none.");

ABSL_FLAG(std::string, tls_ca, "", "Authority that vouches for the controllers.");
ABSL_FLAG(std::string, tls_cert, "", "Certificate of this process, for its own gRPC.");
ABSL_FLAG(std::string, tls_key, "", "Key of that certificate.");
ABSL_FLAG(bool, insecure, false, "Allow plain text beyond loopback.");
ABSL_FLAG(std::string, log_format, "logfmt", "logfmt or json.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");

namespace weft::gateway {
namespace {

// Processes at `addresses`, as the gateway logs in there.
absl::StatusOr<std::vector<rpc::ChannelOptions>> ChannelsFromFlags(const std::string& addresses) {
  rpc::ChannelOptions channel;
  channel.ca_file = absl::GetFlag(FLAGS_tls_ca);
  channel.allow_insecure = absl::GetFlag(FLAGS_insecure);
  const std::string file = absl::GetFlag(FLAGS_admin_password_file);
  if (!file.empty()) {
    channel.credentials.user = absl::GetFlag(FLAGS_admin_user);
    WEFT_ASSIGN_OR_RETURN(channel.credentials.password, ReadSecretFile(file));
  }
  return rpc::ChannelsTo(addresses, channel);
}

absl::StatusOr<Gateway::Options> OptionsFromFlags() {
  Gateway::Options options;
  options.name = absl::GetFlag(FLAGS_name);
  WEFT_ASSIGN_OR_RETURN(options.controllers, ChannelsFromFlags(absl::GetFlag(FLAGS_controller)));
  if (const std::string addresses = absl::GetFlag(FLAGS_provisioner); !addresses.empty()) {
    WEFT_ASSIGN_OR_RETURN(options.provisioners, ChannelsFromFlags(addresses));
  }
  options.xmlrpc = {.listen = absl::GetFlag(FLAGS_xmlrpc_listen),
                    .advertise = absl::GetFlag(FLAGS_advertise_xmlrpc),
                    .asks_for_login = absl::GetFlag(FLAGS_xmlrpc_auth),
                    .certificate_file = absl::GetFlag(FLAGS_xmlrpc_tls_cert),
                    .key_file = absl::GetFlag(FLAGS_xmlrpc_tls_key)};
  options.mysql = {.listen = absl::GetFlag(FLAGS_mysql_listen),
                   .advertise = absl::GetFlag(FLAGS_advertise_mysql),
                   .asks_for_login = absl::GetFlag(FLAGS_mysql_auth)};
  options.http_listen = absl::GetFlag(FLAGS_http_listen);
  options.connections_per_client =
      static_cast<size_t>(std::max(0, absl::GetFlag(FLAGS_connections_per_client)));
  options.ttl = absl::GetFlag(FLAGS_ttl);
  // As if somebody had sent the signal.
  if (absl::GetFlag(FLAGS_allow_stop)) options.stop = [] { kill(getpid(), SIGTERM); };
  return options;
}

absl::Status Run() {
  WEFT_RETURN_IF_ERROR(log::Initialize("weft-gateway", absl::GetFlag(FLAGS_log_level),
                                       absl::GetFlag(FLAGS_log_format)));
  WEFT_ASSIGN_OR_RETURN(const Gateway::Options options, OptionsFromFlags());
  rpc::Metrics metrics;

  rpc::Server::Options serve;
  serve.name = "weft-gateway";
  serve.version = std::string(Version());
  serve.listen = absl::GetFlag(FLAGS_listen);
  serve.certificate_file = absl::GetFlag(FLAGS_tls_cert);
  serve.key_file = absl::GetFlag(FLAGS_tls_key);
  serve.allow_insecure = absl::GetFlag(FLAGS_insecure);
  serve.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  serve.health_listen = absl::GetFlag(FLAGS_health_listen);
  serve.metrics = &metrics;
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                        rpc::Server::Start(std::move(serve)));
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Gateway> gateway,
                        Gateway::Start(options, &metrics, RealClock::Get()));
  server->SetServing(true);
  WEFT_LOG(kInfo, "gateway is up", {{"listen", server->address()}, {"name", options.name}});
  rpc::WaitForTermination();
  WEFT_LOG(kInfo, "gateway stops");
  server->Drain();
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::gateway

int main(int argc, char** argv) {
  weft::DescribeProgram("weft-gateway",
                        "weft-gateway --controller=HOST:PORT\n"
                        "Speaks to Fabric's connectors and to load balancers.");
  weft::rpc::BlockTerminationSignals();
  const weft::CommandLine line = weft::UnderscoredCommandLine(argc, argv);
  absl::ParseCommandLine(line.argc, line.argv);
  const absl::Status status = weft::gateway::Run();
  if (status.ok()) return 0;
  WEFT_LOG(kError, "gateway cannot run", {{"error", weft::DescribeError(status)}});
  return 1;
}
