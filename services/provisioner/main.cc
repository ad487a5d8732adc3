// weft-provisioner: makes machines and copies servers, by what providers and servers can.

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/command_line.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/accounts.h"
#include "common/model/ids.h"
#include "common/model/store_address.h"
#include "common/mysql/session.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "common/rpc/termination.h"
#include "common/version/program.h"
#include "common/version/version.h"
#include "services/provisioner/copies/copy_requests.h"
#include "services/provisioner/copy_program.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"
#include "services/provisioner/provisioner.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:32282", "host:port of gRPC.");
ABSL_FLAG(std::string, metrics_listen, "", "host:port of /metrics; empty: none.");
ABSL_FLAG(
    std::string, health_listen, "",
    "host:port of gRPC health checks alone, in plain text (Kubernetes' probes); empty: none.");
ABSL_FLAG(std::string, name, "provisioner-1", "Name of this provisioner, for people.");
ABSL_FLAG(std::string, controller, "127.0.0.1:32280",
          "host:port of every controller, separated by commas.");

ABSL_FLAG(std::vector<std::string>, store, std::vector<std::string>({"127.0.0.1:3306"}),
          "host:port of the state store; of every member, with commas between, where it is a "
          "Group Replication cluster.");
ABSL_FLAG(std::string, store_user, "weft_store", "Account in the state store.");
ABSL_FLAG(std::string, store_password_file, "", "File with its password.");
ABSL_FLAG(std::string, store_database, "weft", "Its database.");
ABSL_FLAG(std::string, key_file, "",
          "File with the key that encrypts the passwords of providers: 64 hexadecimal digits, the "
          "same for all provisioners. Empty: none can be kept.");

ABSL_FLAG(std::string, manage_user, "weft_manage", "Account that manages the servers.");
ABSL_FLAG(std::string, manage_password_file, "", "File with its password.");
ABSL_FLAG(std::string, replicate_user, "weft_replicate", "Account that replicas log in with.");
ABSL_FLAG(std::string, replicate_password_file, "", "File with its password.");
ABSL_FLAG(std::string, backup_user, "weft_backup", "Account that reads for clones.");
ABSL_FLAG(std::string, backup_password_file, "", "File with its password.");
ABSL_FLAG(std::string, restore_user, "weft_restore", "Account that writes clones.");
ABSL_FLAG(std::string, restore_password_file, "", "File with its password.");
ABSL_FLAG(std::string, monitor_user, "weft_monitor", "Account that monitors probe servers with.");
ABSL_FLAG(std::string, monitor_password_file, "", "File with its password.");

ABSL_FLAG(std::string, admin_user, "admin",
          "Superadmin that may call this provisioner, and as whom it calls the controllers.");
ABSL_FLAG(std::string, admin_password_file, "",
          "File with its password; empty: calls need no login (loopback only).");
ABSL_FLAG(std::string, tls_cert, "", "Certificate of this process.");
ABSL_FLAG(std::string, tls_key, "", "Key of that certificate.");
ABSL_FLAG(std::string, tls_ca, "", "Authority that vouches for the controllers.");
ABSL_FLAG(
    std::string, mysql_ca, "",
    "Authority that vouches for the MySQL servers and the store; empty: they are not verified.");
ABSL_FLAG(std::string, client_ca, "",
          "When set, clients must show a certificate of this authority.");
ABSL_FLAG(bool, insecure, false, "Allow plain text beyond loopback.");

ABSL_FLAG(absl::Duration, claim_ttl, absl::Seconds(5),
          "After this long without a renewal another provisioner takes an operation over.");
ABSL_FLAG(absl::Duration, stop_deadline, absl::Seconds(10),
          "After a SIGTERM the process ends by then, whatever is under way.");
ABSL_FLAG(int, max_operations, 16, "Operations that this process runs at the same time.");
ABSL_FLAG(uint64_t, clone_bytes_per_second_from_primary,
          weft::provisioner::kBytesPerSecondFromPrimary,
          "What a copy reads from a primary in a second, where its request does not say; 0: no "
          "bound.");
ABSL_FLAG(int, clone_streams, 4, "Parts that a copy by rows moves at the same time.");
ABSL_FLAG(std::string, copy_from, "",
          "host:port of a server to copy onto --copy-onto; then this process does only that.");
ABSL_FLAG(std::string, copy_onto, "", "host:port of an empty server that becomes the copy.");
ABSL_FLAG(std::string, copy_method, "auto", "auto, plugin or logical.");
ABSL_FLAG(uint64_t, copy_bytes_per_second, 0, "What that copy reads in a second; 0: no bound.");
ABSL_FLAG(bool, copy_opens, false, "The copy may be written to at once.");
ABSL_FLAG(std::string, log_format, "logfmt", "logfmt or json.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");

namespace weft::provisioner {
namespace {

// A renewal must be missed several times before a claim is in danger.
constexpr int kRenewalsPerTtl = 5;

absl::StatusOr<std::string> Secret(const std::string& file) {
  if (file.empty()) return std::string();
  return ReadSecretFile(file);
}

absl::StatusOr<MysqlInventory::Options> StoreOptions() {
  MysqlInventory::Options options;
  WEFT_ASSIGN_OR_RETURN(options.members, ParseStoreAddress(absl::GetFlag(FLAGS_store)));
  options.connect.user = absl::GetFlag(FLAGS_store_user);
  options.connect.ca_file = absl::GetFlag(FLAGS_mysql_ca);
  if (!options.connect.ca_file.empty()) options.connect.tls = mysql::TlsMode::kVerifyCa;
  WEFT_ASSIGN_OR_RETURN(options.connect.password, Secret(absl::GetFlag(FLAGS_store_password_file)));
  options.database = absl::GetFlag(FLAGS_store_database);
  return options;
}

// An account on the servers, as the flags have it.
struct ServerAccount {
  Duty duty;
  std::string user;
  std::string password_file;  // may be empty
};

std::vector<ServerAccount> ServerAccounts() {
  return {
      {Duty::kManage, absl::GetFlag(FLAGS_manage_user), absl::GetFlag(FLAGS_manage_password_file)},
      {Duty::kReplicate, absl::GetFlag(FLAGS_replicate_user),
       absl::GetFlag(FLAGS_replicate_password_file)},
      {Duty::kBackup, absl::GetFlag(FLAGS_backup_user), absl::GetFlag(FLAGS_backup_password_file)},
      {Duty::kRestore, absl::GetFlag(FLAGS_restore_user),
       absl::GetFlag(FLAGS_restore_password_file)},
      {Duty::kMonitor, absl::GetFlag(FLAGS_monitor_user),
       absl::GetFlag(FLAGS_monitor_password_file)},
  };
}

// The accounts of a server that is made here; those without a password file are left out.
absl::StatusOr<InitialContent> ContentFromFlags() {
  InitialContent content;
  for (const auto& [duty, user, file] : ServerAccounts()) {
    if (file.empty()) continue;
    WEFT_ASSIGN_OR_RETURN(std::string password, ReadSecretFile(file));
    content.accounts.push_back({duty, user, std::move(password)});
  }
  return content;
}

// How servers that are copied are logged in to. Files are read again at each connection.
AccessOptions AccessFromFlags() {
  AccessOptions access;
  for (const auto& [duty, user, file] : ServerAccounts()) {
    if (file.empty()) continue;
    access.logins[duty] = {user, [path = file] { return ReadSecretFile(path); }};
  }
  access.ca_file = absl::GetFlag(FLAGS_mysql_ca);
  if (!access.ca_file.empty()) access.tls = mysql::TlsMode::kVerifyCa;
  return access;
}

absl::StatusOr<int> Positive(absl::string_view flag, int value) {
  if (value > 0) return value;
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_FLAG",
                 absl::StrCat(flag, " leaves nothing to work with"), "1 or more",
                 absl::StrCat(value), "leave it out for the default");
}

absl::StatusOr<Provisioner::Options> OptionsFromFlags() {
  Provisioner::Options options;
  options.access = AccessFromFlags();
  options.copies.bytes_per_second_from_primary =
      absl::GetFlag(FLAGS_clone_bytes_per_second_from_primary);
  WEFT_ASSIGN_OR_RETURN(options.copies.streams,
                        Positive("--clone-streams", absl::GetFlag(FLAGS_clone_streams)));
  options.own_users = {absl::GetFlag(FLAGS_manage_user), absl::GetFlag(FLAGS_replicate_user),
                       absl::GetFlag(FLAGS_backup_user), absl::GetFlag(FLAGS_restore_user),
                       absl::GetFlag(FLAGS_monitor_user)};
  options.jobs.name = absl::GetFlag(FLAGS_name);
  options.jobs.ttl = absl::GetFlag(FLAGS_claim_ttl);
  options.jobs.period = options.jobs.ttl / kRenewalsPerTtl;
  WEFT_ASSIGN_OR_RETURN(options.jobs.max_running,
                        Positive("--max-operations", absl::GetFlag(FLAGS_max_operations)));
  WEFT_ASSIGN_OR_RETURN(options.store, StoreOptions());
  WEFT_ASSIGN_OR_RETURN(options.content, ContentFromFlags());
  options.key_file = absl::GetFlag(FLAGS_key_file);
  options.manage.user = absl::GetFlag(FLAGS_manage_user);
  WEFT_ASSIGN_OR_RETURN(options.manage.password, Secret(absl::GetFlag(FLAGS_manage_password_file)));
  rpc::ChannelOptions channel;
  channel.ca_file = absl::GetFlag(FLAGS_tls_ca);
  channel.allow_insecure = absl::GetFlag(FLAGS_insecure);
  if (const std::string file = absl::GetFlag(FLAGS_admin_password_file); !file.empty()) {
    options.admin.user = absl::GetFlag(FLAGS_admin_user);
    WEFT_ASSIGN_OR_RETURN(options.admin.password, ReadSecretFile(file));
    channel.credentials = options.admin;
  }
  WEFT_ASSIGN_OR_RETURN(options.controllers,
                        rpc::ChannelsTo(absl::GetFlag(FLAGS_controller), channel));
  return options;
}

absl::StatusOr<CopyProgram> CopyFromFlags() {
  CopyProgram program;
  WEFT_ASSIGN_OR_RETURN(program.from, HostPort::Parse(absl::GetFlag(FLAGS_copy_from)));
  WEFT_ASSIGN_OR_RETURN(program.onto, HostPort::Parse(absl::GetFlag(FLAGS_copy_onto)));
  const std::string method = absl::GetFlag(FLAGS_copy_method);
  const std::optional<CopyMethod> known = ParseCopyMethod(method);
  if (!known.has_value() || *known == CopyMethod::kPhysical) {
    return Refusal(absl::StatusCode::kInvalidArgument, "BAD_FLAG", "wrong --copy-method",
                   "auto, plugin or logical", method, "leave it out for auto");
  }
  program.method = *known;
  program.bytes_per_second = absl::GetFlag(FLAGS_copy_bytes_per_second);
  WEFT_ASSIGN_OR_RETURN(program.streams,
                        Positive("--clone-streams", absl::GetFlag(FLAGS_clone_streams)));
  program.opens = absl::GetFlag(FLAGS_copy_opens);
  return program;
}

absl::Status RunCopyAlone() {
  WEFT_ASSIGN_OR_RETURN(const CopyProgram program, CopyFromFlags());
  const FarmAccess access(AccessFromFlags());
  return RunCopyProgram(program, access, rpc::TerminationIsAsked, std::cout, RealClock::Get());
}

// It vouched for them, too, before --mysql-ca was a flag.
void WarnOfUnverifiedServers() {
  if (absl::GetFlag(FLAGS_tls_ca).empty() || !absl::GetFlag(FLAGS_mysql_ca).empty()) return;
  WEFT_LOG(kWarning,
           "MySQL servers and the store are not verified any more by --tls-ca: give --mysql-ca",
           {{"tls_ca", absl::GetFlag(FLAGS_tls_ca)}});
}

absl::Status Run() {
  WEFT_RETURN_IF_ERROR(log::Initialize("weft-provisioner", absl::GetFlag(FLAGS_log_level),
                                       absl::GetFlag(FLAGS_log_format)));
  WarnOfUnverifiedServers();
  if (!absl::GetFlag(FLAGS_copy_from).empty()) return RunCopyAlone();
  WEFT_ASSIGN_OR_RETURN(Provisioner::Options options, OptionsFromFlags());
  rpc::Metrics metrics;
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Provisioner> provisioner,
                        Provisioner::Start(std::move(options), &metrics, RealClock::Get()));
  rpc::Server::Options serve;
  serve.name = "weft-provisioner";
  serve.version = std::string(Version());
  serve.listen = absl::GetFlag(FLAGS_listen);
  serve.certificate_file = absl::GetFlag(FLAGS_tls_cert);
  serve.key_file = absl::GetFlag(FLAGS_tls_key);
  serve.client_ca_file = absl::GetFlag(FLAGS_client_ca);
  serve.allow_insecure = absl::GetFlag(FLAGS_insecure);
  serve.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  serve.lets_everybody_in = absl::GetFlag(FLAGS_admin_password_file).empty();
  serve.health_listen = absl::GetFlag(FLAGS_health_listen);
  serve.metrics = &metrics;
  serve.services = provisioner->services();
  serve.service_names = Provisioner::service_names();
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                        rpc::Server::Start(std::move(serve)));
  server->SetServing(true);
  WEFT_LOG(kInfo, "provisioner is up",
           {{"listen", server->address()}, {"name", absl::GetFlag(FLAGS_name)}});
  rpc::WaitForTermination();
  WEFT_LOG(kInfo, "provisioner stops");
  // What is cut off is taken up by another provisioner, or by this one when it is back.
  rpc::EndWithin(absl::GetFlag(FLAGS_stop_deadline));
  server->Drain();
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::provisioner

int main(int argc, char** argv) {
  weft::DescribeProgram("weft-provisioner",
                        "weft-provisioner --controller=HOST:PORT --store=HOST:PORT "
                        "--key-file=FILE\nMakes machines and copies servers.");
  weft::rpc::BlockTerminationSignals();
  weft::mysql::SkipSystemAuthorities();
  const weft::CommandLine line = weft::UnderscoredCommandLine(argc, argv);
  absl::ParseCommandLine(line.argc, line.argv);
  const absl::Status status = weft::provisioner::Run();
  if (status.ok()) return 0;
  WEFT_LOG(kError, "provisioner cannot run", {{"error", weft::DescribeError(status)}});
  return 1;
}
