// weft-monitor: watches the servers of active groups and tells every controller what it sees.

#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/command_line.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "common/rpc/auth.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "common/version/program.h"
#include "common/version/version.h"
#include "services/monitor/monitor.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:32281", "host:port of gRPC (health and reflection).");
ABSL_FLAG(std::string, metrics_listen, "", "host:port of /metrics; empty: none.");
ABSL_FLAG(
    std::string, health_listen, "",
    "host:port of gRPC health checks alone, in plain text (Kubernetes' probes); empty: none.");
ABSL_FLAG(std::string, controller, "127.0.0.1:32280",
          "host:port of every controller, separated by commas.");
ABSL_FLAG(std::string, name, "monitor-1", "Name of this monitor, unique among all.");
ABSL_FLAG(std::string, zone, "", "Where it watches from: a zone's name, as servers have.");
ABSL_FLAG(std::string, monitor_user, "weft_monitor", "Account that probes the servers.");
ABSL_FLAG(std::string, monitor_password_file, "", "File with its password.");
ABSL_FLAG(std::string, admin_user, "admin", "User that reports to the controllers.");
ABSL_FLAG(std::string, admin_password_file, "", "File with its password.");
ABSL_FLAG(absl::Duration, period, absl::Milliseconds(500), "Between two probes of one server.");
ABSL_FLAG(absl::Duration, probe_deadline, absl::Milliseconds(500), "For one probe.");
ABSL_FLAG(absl::Duration, patience, absl::Milliseconds(1500),
          "How long a server must be silent before it counts as unreachable.");
ABSL_FLAG(std::string, tls_cert, "", "Certificate of this process, for its own gRPC.");
ABSL_FLAG(std::string, tls_key, "", "Key of that certificate.");
ABSL_FLAG(std::string, tls_ca, "", "Authority that vouches for the controllers.");
ABSL_FLAG(std::string, mysql_ca, "",
          "Authority that vouches for the MySQL servers; empty: they are not verified.");
ABSL_FLAG(bool, insecure, false, "Allow plain text beyond loopback.");
ABSL_FLAG(std::string, log_format, "logfmt", "logfmt or json.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");

namespace weft::monitor {
namespace {

// The password in `file`; empty where no file is named.
absl::StatusOr<std::string> Password(const std::string& file) {
  if (file.empty()) return std::string();
  return rpc::ReadSecretFile(file);
}

absl::StatusOr<Monitor::Options> OptionsFromFlags() {
  Monitor::Options options;
  options.observer = absl::GetFlag(FLAGS_name);
  options.zone = absl::GetFlag(FLAGS_zone);
  WEFT_RETURN_IF_ERROR(ValidateZone(options.zone));
  options.watcher.period = absl::GetFlag(FLAGS_period);
  options.watcher.detector.patience = absl::GetFlag(FLAGS_patience);
  options.watcher.prober.deadline = absl::GetFlag(FLAGS_probe_deadline);
  options.watcher.prober.user = absl::GetFlag(FLAGS_monitor_user);
  options.watcher.prober.ca_file = absl::GetFlag(FLAGS_mysql_ca);
  if (!options.watcher.prober.ca_file.empty()) {
    options.watcher.prober.tls = mysql::TlsMode::kVerifyCa;
  }
  const std::string monitor_file = absl::GetFlag(FLAGS_monitor_password_file);
  // What cannot be read now would be missed at the first connection.
  WEFT_RETURN_IF_ERROR(Password(monitor_file).status());
  options.watcher.prober.password = [monitor_file] { return Password(monitor_file); };

  rpc::ChannelOptions channel;
  channel.ca_file = absl::GetFlag(FLAGS_tls_ca);
  channel.allow_insecure = absl::GetFlag(FLAGS_insecure);
  const std::string admin_file = absl::GetFlag(FLAGS_admin_password_file);
  if (!admin_file.empty()) {
    channel.credentials.user = absl::GetFlag(FLAGS_admin_user);
    WEFT_ASSIGN_OR_RETURN(channel.credentials.password, Password(admin_file));
  }
  WEFT_ASSIGN_OR_RETURN(options.controllers,
                        rpc::ChannelsTo(absl::GetFlag(FLAGS_controller), channel));
  return options;
}

absl::Status Run() {
  WEFT_RETURN_IF_ERROR(log::Initialize("weft-monitor", absl::GetFlag(FLAGS_log_level),
                                       absl::GetFlag(FLAGS_log_format)));
  WEFT_ASSIGN_OR_RETURN(Monitor::Options options, OptionsFromFlags());
  rpc::Metrics metrics;

  rpc::Server::Options serve;
  serve.name = "weft-monitor";
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
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Monitor> monitor,
                        Monitor::Start(options, &metrics, RealClock::Get()));
  server->SetServing(true);
  WEFT_LOG(kInfo, "monitor is up", {{"listen", server->address()}, {"name", options.observer}});
  rpc::WaitForTermination();
  WEFT_LOG(kInfo, "monitor stops");
  server->Drain();
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::monitor

int main(int argc, char** argv) {
  weft::DescribeProgram("weft-monitor",
                        "weft-monitor --controller=HOST:PORT --monitor-password-file=FILE\n"
                        "Watches the servers of active groups and reports to the controllers.");
  weft::rpc::BlockTerminationSignals();
  weft::mysql::SkipSystemAuthorities();
  const weft::CommandLine line = weft::UnderscoredCommandLine(argc, argv);
  absl::ParseCommandLine(line.argc, line.argv);
  const absl::Status status = weft::monitor::Run();
  if (status.ok()) return 0;
  WEFT_LOG(kError, "monitor cannot run", {{"error", weft::DescribeError(status)}});
  return 1;
}
