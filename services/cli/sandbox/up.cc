// Bringing a sandbox up.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/group_replication.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/instance.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/daemon.h"
#include "services/cli/sandbox/find_mysql.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/processes.h"
#include "services/cli/sandbox/sandbox.h"
#include "services/cli/sandbox/teardown.h"
#include "services/cli/sandbox/up_checks.h"

namespace weft::cli::sandbox {
namespace {

constexpr char kStoreMysql[] = "9.7";
constexpr char kAppUser[] = "app";
constexpr char kAppDatabase[] = "app";
constexpr int kPasswordLength = 24;
constexpr size_t kKeyBytes = 32;
constexpr int kPortsOfServer = 2;  // The ordinary one and the administrative one.
// A controller leads within seconds of its start.
constexpr absl::Duration kLeadTimeout = absl::Seconds(30);
constexpr absl::Duration kRetry = absl::Milliseconds(50);
constexpr absl::Duration kSlice = absl::Milliseconds(200);

std::string Count(size_t number, absl::string_view noun) {
  return absl::StrCat(number, " ", noun, number == 1 ? "" : "s");
}

// One `up` at work.
class Rise {
 public:
  Rise(const UpOptions& options, Folder folder, const Progress& progress,
       const Cancelled& cancelled)
      : options_(options),
        replicas_{options.controllers, options.monitors, options.gateways, options.provisioners},
        folder_(std::move(folder)),
        progress_(progress),
        cancelled_(cancelled) {}

  absl::StatusOr<Layout> Run() {
    layout_.dir = folder_.dir();
    WEFT_RETURN_IF_ERROR(
        CheckSpace(folder_.dir(), options_.store_members + options_.groups * options_.servers));
    WEFT_RETURN_IF_ERROR(FindMysql());
    deadline_ = Deadline::After(RealClock::Get(), options_.timeout);
    WEFT_RETURN_IF_ERROR(ClaimAllPorts());
    WEFT_RETURN_IF_ERROR(MakeSecrets());
    if (options_.processes) {
      WEFT_ASSIGN_OR_RETURN(processes_, PlanProcesses(folder_, replicas_, options_.binary_dir,
                                                      ports_of_processes_, &layout_));
    }
    WEFT_RETURN_IF_ERROR(StartServers());
    if (options_.processes) WEFT_RETURN_IF_ERROR(StartProcesses());
    WEFT_RETURN_IF_ERROR(CheckCancelled());
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(folder_.record(), ToJson(layout_) + "\n", 0600));
    return Load(folder_.dir());
  }

 private:
  void Say(absl::string_view message) const {
    if (progress_) progress_(message);
  }

  absl::Status CheckCancelled() const {
    if (cancelled_ && cancelled_()) return absl::CancelledError("interrupted");
    return absl::OkStatus();
  }

  // Calls a wait that takes a timeout in slices, so that the caller may give up in between.
  absl::Status Wait(const std::function<absl::Status(absl::Duration)>& wait) const {
    while (true) {
      const absl::Status status = wait(std::min(deadline_.Remaining(), kSlice));
      if (!absl::IsDeadlineExceeded(status) || deadline_.Passed()) return status;
      WEFT_RETURN_IF_ERROR(CheckCancelled());
    }
  }

  absl::Status FindMysql() {
    WEFT_ASSIGN_OR_RETURN(store_mysql_,
                          FindMysqlFor(kStoreMysql, options_.obtain_script, progress_, cancelled_));
    if (options_.mysql == kStoreMysql) {
      mysql_ = store_mysql_;
    } else {
      WEFT_ASSIGN_OR_RETURN(
          mysql_, FindMysqlFor(options_.mysql, options_.obtain_script, progress_, cancelled_));
    }
    return WriteClientPrograms();
  }

  // So that people, and processes of Weft that need one, can run them by their names.
  absl::Status WriteClientPrograms() const {
    for (const char* name : {"mysql", "mysqladmin", "mysqlbinlog", "mysqldump"}) {
      const std::string program = absl::StrCat(store_mysql_.bin_dir, "/", name);
      if (!Exists(program)) continue;
      std::vector<std::string> words = store_mysql_.client_loader;
      words.push_back(program);
      for (std::string& word : words) {
        word = absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
      }
      WEFT_RETURN_IF_ERROR(WriteFileAtomically(
          absl::StrCat(folder_.bin(), "/", name),
          absl::StrCat("#!/bin/sh\nLIBMYSQL_PLUGIN_DIR='", store_mysql_.client_plugin_dir,
                       "' exec ", absl::StrJoin(words, " "), " \"$@\"\n"),
          0755));
    }
    return absl::OkStatus();
  }

  absl::Status ClaimAllPorts() {
    const int of_servers = kPortsOfServer * options_.groups * options_.servers;
    const int of_processes = options_.processes ? PortsOfProcesses(replicas_) : 0;
    // And one each for what members say to each other.
    const int of_store = options_.store_members * (replicated() ? 2 : 1);
    WEFT_ASSIGN_OR_RETURN(std::vector<int> ports,
                          ClaimPorts(folder_.dir(), of_store + of_servers + of_processes));
    auto next = ports.begin();
    const auto take = [&next](std::vector<int>* taken, int count) {
      taken->assign(next, next + count);
      next += count;
    };
    take(&store_ports_, options_.store_members);
    if (replicated()) take(&cluster_.ports, options_.store_members);
    take(&ports_of_servers_, of_servers);
    take(&ports_of_processes_, of_processes);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> MakeSecret(absl::string_view name) const {
    std::string password = RandomPassword(kPasswordLength);
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(folder_.secret(name), password, 0600));
    return password;
  }

  absl::Status MakeSecrets() {
    for (const Duty duty : kDuties) {
      WEFT_ASSIGN_OR_RETURN(std::string password, MakeSecret(DutyName(duty)));
      content_.accounts.push_back({duty, std::string(DefaultUserOf(duty)), std::move(password)});
    }
    content_.database = kAppDatabase;
    content_.owner = kAppUser;
    WEFT_ASSIGN_OR_RETURN(content_.owner_password, MakeSecret(kAppSecret));
    content_.readers = {std::string(DefaultUserOf(Duty::kMonitor))};
    layout_.app = {kAppUser, folder_.secret(kAppSecret), kAppDatabase};
    layout_.monitor_account = {std::string(DefaultUserOf(Duty::kMonitor)),
                               folder_.secret(DutyName(Duty::kMonitor))};
    layout_.admin = {kAdminUser, folder_.secret(kAdminSecret)};
    WEFT_RETURN_IF_ERROR(MakeSecret(kAdminSecret).status());
    WEFT_RETURN_IF_ERROR(
        WriteFileAtomically(folder_.secret(kProvisionerKey), RandomHex(kKeyBytes), 0600));
    store_content_.database = kStoreDatabase;
    store_content_.owner = kStoreUser;
    WEFT_ASSIGN_OR_RETURN(store_content_.owner_password, MakeSecret(kStoreSecret));
    std::vector<std::string> addresses;
    for (size_t i = 0; i < store_ports_.size(); ++i) {
      addresses.push_back(absl::StrCat("127.0.0.1:", store_ports_[i]));
      layout_.store.members.push_back(
          {replicated() ? absl::StrCat("store-", i + 1) : "store", addresses.back(), 0});
    }
    layout_.store.address = absl::StrJoin(addresses, ",");
    layout_.store.user = kStoreUser;
    layout_.store.password_file = folder_.secret(kStoreSecret);
    if (!replicated()) return absl::OkStatus();
    cluster_.name = RandomUuid();
    WEFT_ASSIGN_OR_RETURN(cluster_.password, MakeSecret(kRecoverySecret));
    return absl::OkStatus();
  }

  bool replicated() const { return options_.store_members > 1; }

  absl::StatusOr<Instance> LaunchStore(int index) const {
    const StoreMember& member = layout_.store.members[index];
    InstanceOptions options;
    options.dir = folder_.store(index + 1);
    options.name = absl::StrCat(replicated() ? absl::StrCat(member.name, " ") : "the state store ",
                                member.address);
    options.port = store_ports_[index];
    options.role = InstanceRole::kStandalone;
    options.init_statements = InitialStatements(store_mysql_.version_number, store_content_);
    if (replicated()) {
      options.extra_cnf = GroupReplicationLines(cluster_, index);
      for (std::vector<std::string> more :
           {GroupReplicationStatements(store_mysql_.version_number, cluster_),
            ClusterReaderStatements(kStoreUser)}) {
        for (std::string& statement : more) options.init_statements.push_back(std::move(statement));
      }
    }
    WEFT_ASSIGN_OR_RETURN(Instance store, Instance::Create(store_mysql_, options));
    WEFT_RETURN_IF_ERROR(store.Launch());
    return store;
  }

  absl::StatusOr<Instance> LaunchServer(int index) const {
    InstanceOptions options;
    const size_t first = size_t{kPortsOfServer} * index;
    options.port = ports_of_servers_[first];
    options.admin_port = ports_of_servers_[first + 1];
    options.dir = folder_.server(options.port);
    options.name = absl::StrCat("server 127.0.0.1:", options.port);
    options.role = InstanceRole::kMember;
    options.durable = options_.durable;
    options.extra_cnf = options_.extra_cnf;
    options.init_statements = InitialStatements(mysql_.version_number, content_);
    WEFT_ASSIGN_OR_RETURN(Instance server, Instance::Create(mysql_, options));
    WEFT_RETURN_IF_ERROR(server.Launch());
    return server;
  }

  // Each starts while the next one's data are being copied.
  absl::Status StartServers() {
    const int count = options_.groups * options_.servers;
    Say(absl::StrCat("starting the state store and ", Count(count, "server"), " of MySQL ",
                     mysql_.version));
    std::vector<Instance> store;
    for (int i = 0; i < options_.store_members; ++i) {
      WEFT_ASSIGN_OR_RETURN(Instance member, LaunchStore(i));
      store.push_back(std::move(member));
    }
    std::vector<Instance> servers;
    for (int i = 0; i < count; ++i) {
      WEFT_RETURN_IF_ERROR(CheckCancelled());
      WEFT_ASSIGN_OR_RETURN(Instance server, LaunchServer(i));
      servers.push_back(std::move(server));
    }
    for (const Instance& member : store) {
      WEFT_RETURN_IF_ERROR(Wait([&](absl::Duration slice) { return member.WaitReady(slice); }));
    }
    if (replicated()) WEFT_RETURN_IF_ERROR(Assemble(store, deadline_.Remaining(), cancelled_));
    for (const Instance& server : servers) {
      WEFT_RETURN_IF_ERROR(Wait([&](absl::Duration slice) { return server.WaitReady(slice); }));
    }
    Describe(store, servers);
    Say(absl::StrCat("the state store and ", Count(count, "server"), " are ready"));
    return absl::OkStatus();
  }

  void Describe(const std::vector<Instance>& store, const std::vector<Instance>& servers) {
    for (size_t i = 0; i < store.size(); ++i) {
      layout_.store.members[i].pid = store[i].Inspect().pid;
    }
    layout_.store.pid = layout_.store.members.front().pid;
    for (int g = 0; g < options_.groups; ++g) {
      Group group;
      group.id = options_.group_names.empty() ? absl::StrCat("g", g + 1) : options_.group_names[g];
      for (int i = 0; i < options_.servers; ++i) {
        const Instance& server = servers[g * options_.servers + i];
        const InstanceState state = server.Inspect();
        group.servers.push_back(
            {server.address(), state.server_uuid, static_cast<int>(state.pid), server.socket()});
      }
      layout_.groups.push_back(std::move(group));
    }
  }

  absl::Status SetUpStore() const {
    if (options_.hooks.set_up_store) return options_.hooks.set_up_store(layout_);
    SpawnOptions command;
    command.argv = SetUpCommand(processes_.front());
    command.environment = CleanEnvironment();
    WEFT_ASSIGN_OR_RETURN(const CommandResult result,
                          RunCommand(command, deadline_.Remaining(), cancelled_));
    if (result.exit_code == 0) return absl::OkStatus();
    return Refusal(absl::StatusCode::kInternal, "STORE_NOT_SET_UP",
                   absl::StrCat("the state store could not be set up: ", result.output),
                   "weft-controller --manage=setup to succeed",
                   absl::StrCat("exit code ", result.exit_code), "");
  }

  absl::Status StartProcesses() {
    WEFT_RETURN_IF_ERROR(SetUpStore());
    std::vector<Daemon> daemons;
    for (const Process& process : processes_) {
      WEFT_RETURN_IF_ERROR(CheckCancelled());
      WEFT_ASSIGN_OR_RETURN(Daemon daemon,
                            Daemon::Create(folder_, process.name, process.argv, process.address));
      WEFT_RETURN_IF_ERROR(daemon.Start());
      daemons.push_back(std::move(daemon));
    }
    for (const Daemon& daemon : daemons) {
      WEFT_RETURN_IF_ERROR(Wait([&](absl::Duration slice) { return daemon.WaitServing(slice); }));
      Say(absl::StrCat(daemon.name(), " is ready at ", daemon.address()));
    }
    return CreateGroups();
  }

  absl::Status CreateGroups() const {
    if (!options_.hooks.create_groups || layout_.groups.empty()) return absl::OkStatus();
    Say(absl::StrCat("creating ", Count(layout_.groups.size(), "group"), " and adding servers"));
    const Deadline patience =
        Deadline::After(RealClock::Get(), std::min(deadline_.Remaining(), kLeadTimeout));
    while (true) {
      const absl::Status status = options_.hooks.create_groups(layout_);
      if (!absl::IsUnavailable(status) || patience.Passed()) return status;
      WEFT_RETURN_IF_ERROR(CheckCancelled());
      RealClock::Get()->Sleep(kRetry);
    }
  }

  const UpOptions& options_;
  const Replicas replicas_;
  const Folder folder_;
  const Progress& progress_;
  const Cancelled& cancelled_;
  Deadline deadline_;

  Installation store_mysql_;
  Installation mysql_;
  std::vector<int> store_ports_;
  GroupReplicationOptions cluster_;  // Of a state store of several members.
  std::vector<int> ports_of_servers_;
  std::vector<int> ports_of_processes_;
  InitialContent content_;        // Of the groups' servers.
  InitialContent store_content_;  // Of the state store.
  std::vector<Process> processes_;
  Layout layout_;
};

// An advice to read a log that has just been removed is none.
absl::Status WithoutLogs(absl::Status status, const Folder& folder) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (detail.has_value() && absl::StrContains(detail->next_step, folder.dir() + "/")) {
    detail->next_step.clear();
    SetErrorDetail(status, *detail);
  }
  return status;
}

}  // namespace

absl::StatusOr<Layout> Up(const UpOptions& options, const Progress& progress,
                          const Cancelled& cancelled) {
  WEFT_RETURN_IF_ERROR(CheckOptions(options));
  const Folder folder(options.dir);
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, folder.Claim());
  absl::StatusOr<Layout> layout = Rise(options, folder, progress, cancelled).Run();
  if (layout.ok()) return layout;
  if (progress) progress("that failed; undoing what was begun");
  const absl::StatusOr<DownReport> undone = TearDown(folder);
  if (undone.ok()) return WithoutLogs(layout.status(), folder);
  return Annotate(layout.status(),
                  absl::StrCat("not all could be undone (", undone.status().message(),
                               "): run weft sandbox down --dir ", folder.dir(), ". What failed"));
}

}  // namespace weft::cli::sandbox
