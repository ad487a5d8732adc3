// weft-controller: brings groups of MySQL servers to what people asked for, and keeps them there.

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/access/passwords.h"
#include "common/base/clock.h"
#include "common/base/command_line.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/store_address.h"
#include "common/mysql/session.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "common/rpc/termination.h"
#include "common/version/program.h"
#include "common/version/version.h"
#include "services/controller/controller.h"
#include "services/controller/hooks.h"
#include "services/controller/mysql/farm.h"
#include "services/controller/mysql/store.h"
#include "services/controller/mysql/store_identity.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/threat_requests.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:32280", "host:port of gRPC.");
ABSL_FLAG(std::string, metrics_listen, "", "host:port of /metrics; empty: none.");
ABSL_FLAG(
    std::string, health_listen, "",
    "host:port of gRPC health checks alone, in plain text (Kubernetes' probes); empty: none.");
ABSL_FLAG(std::string, name, "controller-1", "Name of this controller, for people.");
ABSL_FLAG(std::string, manage, "",
          "'setup' creates or migrates the state store's schema and ends.");

ABSL_FLAG(std::vector<std::string>, store, std::vector<std::string>({"127.0.0.1:3306"}),
          "host:port of the state store; of every member, with commas between, where it is a "
          "Group Replication cluster.");
ABSL_FLAG(std::string, store_user, "weft_store", "Account in the state store.");
ABSL_FLAG(std::string, store_password_file, "", "File with its password.");
ABSL_FLAG(std::string, store_database, "weft", "Its database.");

ABSL_FLAG(std::string, manage_user, "weft_manage", "Account that manages the servers.");
ABSL_FLAG(std::string, manage_password_file, "", "File with its password.");
ABSL_FLAG(std::string, replicate_user, "weft_replicate", "Account that replicas log in with.");
ABSL_FLAG(std::string, replicate_password_file, "", "File with its password.");
ABSL_FLAG(std::string, backup_user, "weft_backup", "Account that reads for clones and rescues.");
ABSL_FLAG(std::string, backup_password_file, "", "File with its password.");
ABSL_FLAG(std::string, restore_user, "weft_restore", "Account that writes clones.");
ABSL_FLAG(std::string, restore_password_file, "", "File with its password.");
ABSL_FLAG(std::string, monitor_user, "weft_monitor",
          "Account that monitors probe the servers with.");
ABSL_FLAG(std::string, monitor_password_file, "",
          "File with its password, the one that the monitors read; needed only to rotate it.");

ABSL_FLAG(std::string, admin_user, "admin",
          "Superadmin that may call this controller with or without a state store.");
ABSL_FLAG(std::string, admin_password_file, "",
          "File with its password; empty: calls need no login (loopback only).");
ABSL_FLAG(std::string, tls_cert, "", "Certificate of this process.");
ABSL_FLAG(std::string, tls_key, "", "Key of that certificate.");
ABSL_FLAG(
    std::string, mysql_ca, "",
    "Authority that vouches for the MySQL servers and the store; empty: they are not verified.");
ABSL_FLAG(std::string, tls_ca, "", "Deprecated: --mysql-ca, where that is empty.");
ABSL_FLAG(std::string, client_ca, "",
          "When set, clients must show a certificate of this authority.");
ABSL_FLAG(bool, insecure, false, "Allow plain text beyond loopback.");

ABSL_FLAG(std::vector<std::string>, mysqlbinlog, std::vector<std::string>({"mysqlbinlog"}),
          "The program that reads binary logs, with its first arguments, separated by commas.");
ABSL_FLAG(std::string, rescue_dir, "weft-rescue", "Folder for transactions saved from servers.");

ABSL_FLAG(std::string, hooks_file, "",
          "YAML file of the programs that groups' settings may name; see docs/operations.md.");

ABSL_FLAG(absl::Duration, lease_ttl, absl::Seconds(2),
          "After this long without a renewal another controller may lead.");
ABSL_FLAG(absl::Duration, period, absl::Seconds(1), "Between two looks at a settled group.");
ABSL_FLAG(absl::Duration, probe_deadline, absl::Seconds(1), "For one look at a group.");
ABSL_FLAG(absl::Duration, step_deadline, absl::Seconds(5), "For one step on a server.");
ABSL_FLAG(
    absl::Duration, failover_cool_down, absl::Seconds(10),
    "Between two automatic failovers of a group, unless it has healed meanwhile, and where its "
    "setting cool_down is auto.");
ABSL_FLAG(absl::Duration, monitor_ttl, absl::Seconds(3),
          "A monitor without a round for this long has no vote.");
ABSL_FLAG(
    int, threat_errors, 300,
    "So many errors of one server that clients report within --threat-interval make Weft look "
    "at its group at once. They never replace the look: nothing changes unless Weft itself "
    "finds the server dead.");
ABSL_FLAG(int, threat_reporters, 50, "They must come from so many reporters.");
ABSL_FLAG(absl::Duration, threat_interval, absl::Seconds(60), "For so long a report counts.");
ABSL_FLAG(absl::Duration, stop_deadline, absl::Seconds(10),
          "After a SIGTERM the process ends by then, whatever is under way.");
ABSL_FLAG(std::string, log_format, "logfmt", "logfmt or json.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");

namespace weft::controller {
namespace {

// A renewal must be missed several times before the lease is in danger.
constexpr int kRenewalsPerTtl = 5;

// For a command line of before --mysql-ca, of which --tls-ca said the same.
void TakeOldFlags() {
  const std::string old = absl::GetFlag(FLAGS_tls_ca);
  if (old.empty()) return;
  const bool taken = absl::GetFlag(FLAGS_mysql_ca).empty();
  if (taken) absl::SetFlag(&FLAGS_mysql_ca, old);
  WEFT_LOG(kWarning, "--tls-ca is deprecated: give --mysql-ca instead",
           {{"tls_ca", old}, {"taken", taken}});
}

absl::StatusOr<mysql::ConnectOptions> StoreLogin(const std::vector<HostPort>& members) {
  mysql::ConnectOptions connect;
  connect.host = members.front().host;
  connect.port = members.front().port;
  connect.user = absl::GetFlag(FLAGS_store_user);
  connect.ca_file = absl::GetFlag(FLAGS_mysql_ca);
  if (!connect.ca_file.empty()) connect.tls = mysql::TlsMode::kVerifyCa;
  const std::string file = absl::GetFlag(FLAGS_store_password_file);
  if (!file.empty()) {
    WEFT_ASSIGN_OR_RETURN(connect.password, ReadSecretFile(file));
  }
  return connect;
}

MysqlStore::Options StoreOptions(const mysql::ConnectOptions& connect,
                                 const std::vector<HostPort>& members) {
  MysqlStore::Options options;
  options.connect = connect;
  if (members.size() > 1) options.members = members;
  options.database = absl::GetFlag(FLAGS_store_database);
  return options;
}

// Read at each connection: the file changes when the password is rotated.
Login LoginOf(const std::string& user, const std::string& file) {
  Login login;
  login.user = user;
  login.password = [file]() -> absl::StatusOr<std::string> {
    if (file.empty()) return std::string();
    return ReadSecretFile(file);
  };
  return login;
}

std::map<std::string, std::string> PasswordFiles() {
  std::map<std::string, std::string> files = {
      {"manage", absl::GetFlag(FLAGS_manage_password_file)},
      {"replicate", absl::GetFlag(FLAGS_replicate_password_file)},
      {"backup", absl::GetFlag(FLAGS_backup_password_file)},
      {"restore", absl::GetFlag(FLAGS_restore_password_file)},
      {"monitor", absl::GetFlag(FLAGS_monitor_password_file)}};
  std::erase_if(files, [](const auto& entry) { return entry.second.empty(); });
  return files;
}

// What cannot be read now would be missed in the middle of a failover.
absl::Status CheckSecrets() {
  for (const auto& [duty, file] : PasswordFiles()) {
    WEFT_RETURN_IF_ERROR(
        Annotate(ReadSecretFile(file).status(), absl::StrCat("--", duty, "-password-file")));
  }
  return absl::OkStatus();
}

FarmOptions FarmOptionsFromFlags(const std::vector<HostPort>& stores, StoreIdentity* identity) {
  FarmOptions options;
  options.manage =
      LoginOf(absl::GetFlag(FLAGS_manage_user), absl::GetFlag(FLAGS_manage_password_file));
  options.replicate =
      LoginOf(absl::GetFlag(FLAGS_replicate_user), absl::GetFlag(FLAGS_replicate_password_file));
  options.backup =
      LoginOf(absl::GetFlag(FLAGS_backup_user), absl::GetFlag(FLAGS_backup_password_file));
  options.restore =
      LoginOf(absl::GetFlag(FLAGS_restore_user), absl::GetFlag(FLAGS_restore_password_file));
  options.monitor_user = absl::GetFlag(FLAGS_monitor_user);
  options.ca_file = absl::GetFlag(FLAGS_mysql_ca);
  if (!options.ca_file.empty()) options.tls = mysql::TlsMode::kVerifyCa;
  options.mysqlbinlog = absl::GetFlag(FLAGS_mysqlbinlog);
  options.rescue_dir = absl::GetFlag(FLAGS_rescue_dir);
  options.store_addresses = stores;
  options.store_uuids = [identity] { return identity->Uuids(); };
  return options;
}

absl::StatusOr<ThreatRequests::Options> ThreatOptions() {
  // What is kept of one server is bounded by it.
  constexpr int kMost = 100000;
  ThreatRequests::Options options;
  const int errors = absl::GetFlag(FLAGS_threat_errors);
  const int reporters = absl::GetFlag(FLAGS_threat_reporters);
  options.interval = absl::GetFlag(FLAGS_threat_interval);
  if (errors < 1 || errors > kMost || reporters < 1 || reporters > kMost ||
      options.interval <= absl::ZeroDuration()) {
    return ::weft::Refusal(
        absl::StatusCode::kInvalidArgument, "BAD_FLAG",
        "the thresholds for reports of clients cannot be",
        absl::StrCat("1 to ", kMost, " errors and reporters, and an interval above zero"),
        absl::StrCat(errors, ", ", reporters, ", ", absl::FormatDuration(options.interval)),
        "change --threat-errors, --threat-reporters or --threat-interval");
  }
  options.errors = static_cast<size_t>(errors);
  options.reporters = static_cast<size_t>(reporters);
  return options;
}

absl::StatusOr<Controller::Options> ControllerOptions() {
  Controller::Options options;
  Reconciler::Options& reconciler = options.reconciler;
  reconciler.leadership.name = absl::GetFlag(FLAGS_name);
  reconciler.leadership.ttl = absl::GetFlag(FLAGS_lease_ttl);
  reconciler.leadership.period = reconciler.leadership.ttl / kRenewalsPerTtl;
  reconciler.leadership.margin = reconciler.leadership.ttl / kRenewalsPerTtl;
  reconciler.worker.period = absl::GetFlag(FLAGS_period);
  reconciler.converge.probe_deadline = absl::GetFlag(FLAGS_probe_deadline);
  reconciler.converge.step_deadline = absl::GetFlag(FLAGS_step_deadline);
  reconciler.converge.failover_cool_down = absl::GetFlag(FLAGS_failover_cool_down);
  if (const std::string hooks = absl::GetFlag(FLAGS_hooks_file); !hooks.empty()) {
    WEFT_ASSIGN_OR_RETURN(reconciler.hooks, ReadHooksFile(hooks));
    for (const auto& [name, hook] : reconciler.hooks) options.groups.hooks.insert(name);
  }
  options.membership.step_deadline = absl::GetFlag(FLAGS_step_deadline);
  options.health.live_for = absl::GetFlag(FLAGS_monitor_ttl);
  WEFT_ASSIGN_OR_RETURN(options.threats, ThreatOptions());
  options.node.version = std::string(Version());
  options.node.store_address = absl::StrJoin(absl::GetFlag(FLAGS_store), ",");
  options.node.password_files = PasswordFiles();
  const std::string file = absl::GetFlag(FLAGS_admin_password_file);
  if (!file.empty()) {
    options.logins.admin.user = absl::GetFlag(FLAGS_admin_user);
    WEFT_RETURN_IF_ERROR(access::ValidateUserName(options.logins.admin.user));
    WEFT_ASSIGN_OR_RETURN(options.logins.admin.password, ReadSecretFile(file));
  }
  return options;
}

rpc::Server::Options ServeOptions(Controller* controller, rpc::Metrics* metrics) {
  rpc::Server::Options serve;
  serve.name = "weft-controller";
  serve.version = std::string(Version());
  serve.listen = absl::GetFlag(FLAGS_listen);
  serve.certificate_file = absl::GetFlag(FLAGS_tls_cert);
  serve.key_file = absl::GetFlag(FLAGS_tls_key);
  serve.client_ca_file = absl::GetFlag(FLAGS_client_ca);
  serve.allow_insecure = absl::GetFlag(FLAGS_insecure);
  serve.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  serve.lets_everybody_in = absl::GetFlag(FLAGS_admin_password_file).empty();
  serve.health_listen = absl::GetFlag(FLAGS_health_listen);
  serve.metrics = metrics;
  serve.services = controller->services();
  serve.service_names = Controller::service_names();
  serve.on_drain = [controller] { controller->EndStreams(); };
  return serve;
}

absl::Status SetUpStore(Store* store) {
  const std::vector<StoreDeviation> deviations = store->Inspect();
  for (const StoreDeviation& one : deviations) {
    WEFT_LOG(kWarning, "the state store is not as it should be",
             {{"member", one.member},
              {"check", one.check},
              {"expected", one.expected},
              {"found", one.found},
              {"mend", one.mend}});
  }
  if (std::any_of(deviations.begin(), deviations.end(),
                  [](const StoreDeviation& one) { return one.blocks; })) {
    return StoreUnfit(deviations);
  }
  WEFT_RETURN_IF_ERROR(store->SetUp());
  WEFT_ASSIGN_OR_RETURN(const SchemaStatus schema, store->Schema());
  std::cout << "the state store has schema version " << schema.found << std::endl;
  return absl::OkStatus();
}

absl::Status Run() {
  WEFT_RETURN_IF_ERROR(log::Initialize("weft-controller", absl::GetFlag(FLAGS_log_level),
                                       absl::GetFlag(FLAGS_log_format)));
  TakeOldFlags();
  const std::string manage = absl::GetFlag(FLAGS_manage);
  if (!manage.empty() && manage != "setup") {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_FLAG",
                           "--manage knows one thing", "setup", manage,
                           "the client's commands of `manage` do the rest");
  }
  WEFT_ASSIGN_OR_RETURN(const std::vector<HostPort> members,
                        ParseStoreAddress(absl::GetFlag(FLAGS_store)));
  WEFT_ASSIGN_OR_RETURN(const mysql::ConnectOptions login, StoreLogin(members));
  MysqlStore store(StoreOptions(login, members));
  if (!manage.empty()) return SetUpStore(&store);
  WEFT_RETURN_IF_ERROR(CheckSecrets());

  RealClock* const clock = RealClock::Get();
  rpc::Metrics metrics;
  StoreIdentity identity(login, members, clock);
  MysqlFarm farm(FarmOptionsFromFlags(members, &identity), clock);
  WEFT_ASSIGN_OR_RETURN(const Controller::Options options, ControllerOptions());
  Controller controller(options, {&farm, &store, &metrics, clock});
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                        rpc::Server::Start(ServeOptions(&controller, &metrics)));
  controller.Start();
  // Who waits for "serving" may ask for changes at once, here or of the leader; without a store,
  // reads and Node do answer.
  controller.reconciler().AwaitReady(absl::Seconds(3));
  server->SetServing(true);
  WEFT_LOG(kInfo, "controller is up",
           {{"listen", server->address()}, {"store", options.node.store_address}});
  rpc::WaitForTermination();
  WEFT_LOG(kInfo, "controller stops");
  // A clone of hours must not keep the process from ending: the next leader begins it again.
  rpc::EndWithin(absl::GetFlag(FLAGS_stop_deadline));
  server->Drain();
  controller.Stop();
  WEFT_LOG(kInfo, "controller has stopped");
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::controller

int main(int argc, char** argv) {
  weft::DescribeProgram(
      "weft-controller",
      "weft-controller --store=HOST:PORT --store-password-file=FILE --manage-password-file=FILE\n"
      "Manages groups of MySQL servers. See docs/operations.md.");
  weft::rpc::BlockTerminationSignals();
  weft::mysql::SkipSystemAuthorities();
  const weft::CommandLine line = weft::UnderscoredCommandLine(argc, argv);
  absl::ParseCommandLine(line.argc, line.argv);
  const absl::Status status = weft::controller::Run();
  if (status.ok()) return 0;
  WEFT_LOG(kError, "controller cannot run", {{"error", weft::DescribeError(status)}});
  return 1;
}
