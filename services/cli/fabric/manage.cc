#include "services/cli/fabric/manage.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/host_name.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "services/cli/fabric/node.h"
#include "services/cli/fabric/node_plan.h"
#include "services/cli/fabric/users.h"
#include "services/cli/sandbox/serving.h"

namespace weft::cli::mysqlfabric {
namespace {

constexpr absl::Duration kSetUpDeadline = absl::Minutes(2);
constexpr absl::Duration kServeDeadline = absl::Seconds(90);
constexpr absl::Duration kPoll = absl::Milliseconds(100);
constexpr absl::Duration kGrace = absl::Seconds(15);
constexpr size_t kLastWords = 2000;

class NodeKeeper {
 public:
  NodeKeeper(const Settings& settings, const Place& place) : settings_(settings), place_(place) {}

  absl::Status SetUp() {
    WEFT_RETURN_IF_ERROR(Prepare());
    WEFT_RETURN_IF_ERROR(MakeSchema());
    return WithController([this](Client* client) { return SetUpAdmin(client); });
  }

  absl::Status TearDown() {
    WEFT_RETURN_IF_ERROR(Prepare());
    return WithController([](Client* client) -> absl::Status {
      v1::TearDownStoreRequest request;
      request.set_confirm("destroy all state");
      const absl::Status status =
          client->Call(&v1::Node::Stub::TearDownStore, request, absl::Minutes(1)).status();
      if (ErrorReason(status) != "NOT_LEADING") return status;
      return Refusal(absl::StatusCode::kFailedPrecondition, "NODE_RUNS",
                     "a node works with this state store", "no node that runs", "one that leads",
                     "stop it first: mysqlfabric manage stop");
    });
  }

  absl::Status Start(bool daemonize) {
    if (daemonize && settings_.log_file.empty()) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "NO_LOG_FILE",
                     "logging.url names no file to write to in the background", "file:///PATH",
                     "syslog:",
                     "name a file, or run it without --daemonize under a supervisor "
                     "that keeps what it writes (systemd)");
    }
    WEFT_RETURN_IF_ERROR(Prepare());
    std::vector<NodeProcess> processes = PlanNode(settings_, folder_->path(), HostName());
    WEFT_RETURN_IF_ERROR(LocatePrograms(settings_.programs, &processes));
    WEFT_RETURN_IF_ERROR(CheckNoneServes(processes));
    if (!daemonize) return RunNode(processes, "", place_.interrupt);
    WEFT_RETURN_IF_ERROR(
        WriteFileAtomically(absl::StrCat(folder_->path(), "/plan"), PlanToJson(processes), 0600));
    return StartDaemon(processes);
  }

 private:
  Console* console() const { return place_.person->console(); }

  // The folder with the secrets in it.
  absl::Status Prepare() {
    if (!settings_.store_password_given) {
      WEFT_ASSIGN_OR_RETURN(settings_.store.password,
                            place_.person->AskSecret(absl::StrCat(
                                "Password for ", settings_.store.user, " (state store): ")));
    }
    node_password_ = absl::StrCat(RandomHex(16), RandomHex(16));
    WEFT_ASSIGN_OR_RETURN(PrivateFolder folder, PrivateFolder::Make());
    folder_.emplace(std::move(folder));
    for (const auto& [name, content] : NodeSecrets(settings_, node_password_)) {
      WEFT_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder_->path(), "/", name),
                                               absl::StrCat(content, "\n"), 0600));
    }
    return absl::OkStatus();
  }

  // Else another node's answers would be taken for those of this one.
  static absl::Status CheckNoneServes(const std::vector<NodeProcess>& processes) {
    for (const NodeProcess& process : processes) {
      if (!sandbox::AskServing(process.health, absl::Milliseconds(200)).ok()) continue;
      return Refusal(absl::StatusCode::kFailedPrecondition, "NODE_RUNS",
                     absl::StrCat("a ", process.name, " runs at ", process.health, " already"),
                     "nobody who listens there", "one that serves",
                     "stop it (mysqlfabric manage stop), or choose other addresses in section "
                     "[weft] of fabric.cfg");
    }
    return absl::OkStatus();
  }

  absl::Status MakeSchema() {
    const NodeProcess controller =
        PlanController(settings_, folder_->path(), HostName(), "127.0.0.1:0");
    SpawnOptions options;
    options.argv = SetUpArguments(controller);
    WEFT_ASSIGN_OR_RETURN(options.argv[0], FindProgram(settings_.programs, controller.name));
    options.environment = CleanEnvironment();
    WEFT_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options, kSetUpDeadline, [this] {
                            return place_.interrupt->raised();
                          }));
    if (result.exit_code == 0) return absl::OkStatus();
    console()->Err(result.output);
    return absl::InternalError("The state store could not be set up.");
  }

  // Runs a controller on a free port of the loopback for as long as `work` lasts.
  template <typename Work>
  absl::Status WithController(Work work) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<int> ports, ClaimPorts(folder_->path(), 1));
    const std::string listen = absl::StrCat("127.0.0.1:", ports[0]);
    const NodeProcess controller = PlanController(settings_, folder_->path(), HostName(), listen);
    const std::string log = absl::StrCat(folder_->path(), "/log");
    SpawnOptions options;
    options.argv = controller.argv;
    WEFT_ASSIGN_OR_RETURN(options.argv[0], FindProgram(settings_.programs, controller.name));
    options.environment = CleanEnvironment();
    options.output = log;
    WEFT_ASSIGN_OR_RETURN(const ProcessId child, SpawnChild(options));
    absl::Status status = AwaitServing({controller}, child);
    if (status.ok()) {
      const Account node = {kNodeUser, node_password_};
      const auto client = ConnectControllers({listen}, node, place_.interrupt);
      status = client.ok() ? work(client->get()) : client.status();
    } else {
      console()->Err(ReadFileEnd(log, kLastWords).value_or(""));
    }
    TerminateProcess(child, kGrace).IgnoreError();
    ReapChild(child);
    ReleasePorts(folder_->path());
    return status;
  }

  // Until every one of them serves. `process` is the one that must live meanwhile.
  absl::Status AwaitServing(const std::vector<NodeProcess>& processes, const ProcessId& process) {
    const Deadline deadline = Deadline::After(RealClock::Get(), kServeDeadline);
    for (const NodeProcess& one : processes) {
      while (!sandbox::AskServing(one.health, absl::Milliseconds(500)).ok()) {
        if (place_.interrupt->raised()) return absl::CancelledError("interrupted");
        if (!IsAlive(process)) {
          return absl::InternalError(absl::StrCat(one.name, " ended before it served."));
        }
        if (deadline.Passed()) {
          return absl::DeadlineExceededError(
              absl::StrCat(one.name, " does not serve at ", one.health, "."));
        }
        RealClock::Get()->Sleep(kPoll);
      }
    }
    return absl::OkStatus();
  }

  absl::Status SetUpAdmin(Client* client) {
    const std::string& name = settings_.xmlrpc.account.user;
    std::string password = settings_.xmlrpc.account.password;
    const bool asked = password.empty();
    if (asked) {
      WEFT_RETURN_IF_ERROR(console()->Out(
          absl::StrCat("Finishing initial setup\n=======================\nPassword for ", name,
                       " user is not yet set.\n")));
      WEFT_ASSIGN_OR_RETURN(password, AskAdminPassword(name));
    }
    const absl::Status created = CreateAdmin(name, password, client);
    if (absl::IsAlreadyExists(created)) {
      return console()->Out(absl::StrCat("User ", name, " exists already; nothing was changed.\n"));
    }
    WEFT_RETURN_IF_ERROR(created);
    if (asked) return console()->Out("Password set.\n");
    WEFT_RETURN_IF_ERROR(Announce(name, "xmlrpc"));
    if (!settings_.mysql.has_value()) return absl::OkStatus();
    const Account& mysql = settings_.mysql->account;
    if (mysql.user != name || mysql.password.empty()) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(SetMysqlPassword(name, mysql.password, client));
    return Announce(name, "mysql");
  }

  absl::Status Announce(const std::string& name, absl::string_view protocol) {
    return console()->Out(
        absl::StrCat("Password set for ", name, "/", protocol, " from configuration file.\n"));
  }

  absl::StatusOr<std::string> AskAdminPassword(const std::string& name) {
    WEFT_ASSIGN_OR_RETURN(std::string password, place_.person->AskSecret(absl::StrCat(
                                                    "Password for ", name, "/xmlrpc: ")));
    if (password.empty()) return absl::InvalidArgumentError("Can not set empty password");
    WEFT_ASSIGN_OR_RETURN(const std::string again, place_.person->AskSecret("Repeat Password: "));
    if (password != again) return absl::InvalidArgumentError("Passwords did not match!");
    return password;
  }

  absl::Status StartDaemon(const std::vector<NodeProcess>& processes) {
    SpawnOptions options;
    options.argv = {place_.program, kRunPlan, folder_->path()};
    options.environment = CleanEnvironment();
    options.output = settings_.log_file;
    WEFT_ASSIGN_OR_RETURN(const ProcessId daemon, SpawnDetached(options));
    folder_->HandOver();
    absl::Status serving = AwaitServing(processes, daemon);
    if (serving.ok() && !IsAlive(daemon)) serving = absl::InternalError("The node has ended.");
    if (serving.ok()) serving = CheckSchema();
    if (serving.ok()) return serving;
    TerminateProcess(daemon, kGrace + kGrace).IgnoreError();
    return absl::Status(serving.code(),
                        absl::StrCat(serving.message(), " Read ", settings_.log_file, "."));
  }

  // Without one nobody could log in, not even to stop the node.
  absl::Status CheckSchema() {
    const Account node = {kNodeUser, node_password_};
    WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                          ConnectControllers(settings_.controllers, node, place_.interrupt));
    WEFT_ASSIGN_OR_RETURN(const v1::NodeStatus status,
                          client->Call(&v1::Node::Stub::GetNodeStatus, v1::GetNodeStatusRequest(),
                                       absl::Seconds(10)));
    // Of a store that is down nothing is known; the node waits for it.
    if (!status.store_reachable() || status.schema_found() > 0) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "The state store is not set up: mysqlfabric manage setup.");
  }

  Settings settings_;
  const Place place_;
  std::string node_password_;
  std::optional<PrivateFolder> folder_;
};

}  // namespace

absl::Status RunManage(const Line& line, const Settings& settings, const Place& place) {
  NodeKeeper keeper(settings, place);
  if (line.command->name == "setup") return keeper.SetUp();
  if (line.command->name == "teardown") return keeper.TearDown();
  return keeper.Start(line.arguments.front() == fabric::Value{true});
}

int RunPlannedNode(const std::string& path, const Place& place) {
  const PrivateFolder folder(path);
  absl::StatusOr<std::string> text = ReadFile(absl::StrCat(path, "/plan"));
  absl::Status status = text.status();
  if (status.ok()) {
    const absl::StatusOr<std::vector<NodeProcess>> processes = PlanFromJson(*text);
    status = processes.ok() ? RunNode(*processes, "", place.interrupt) : processes.status();
  }
  if (status.ok()) return 0;
  place.person->console()->Err(absl::StrCat(DescribeError(status), "\n"));
  return 1;
}

absl::StatusOr<std::unique_ptr<Client>> ConnectControllers(
    const std::vector<std::string>& addresses, const std::optional<Account>& account,
    Interrupt* interrupt) {
  std::vector<rpc::ChannelOptions> options;
  for (const std::string& address : addresses) {
    rpc::ChannelOptions& one = options.emplace_back();
    one.address = address;
    if (!account.has_value()) continue;
    one.credentials.user = account->user;
    one.credentials.password = account->password;
  }
  return Client::Create(options, interrupt);
}

}  // namespace weft::cli::mysqlfabric
