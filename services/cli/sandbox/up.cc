// Bringing a sandbox up.
#include <sys/statvfs.h>

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
#include "common/mysqld/installation.h"
#include "common/mysqld/instance.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/daemon.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/processes.h"
#include "services/cli/sandbox/sandbox.h"
#include "services/cli/sandbox/teardown.h"

namespace weft::cli::sandbox {
namespace {

constexpr char kStoreMysql[] = "9.7";
constexpr char kAppUser[] = "app";
constexpr char kAppDatabase[] = "app";
constexpr int kMaxServers = 32;
constexpr int kMaxGroups = 16;
constexpr int kMaxReplicas = 5;
constexpr int kPasswordLength = 24;
constexpr int kPortsOfServer = 2;  // The ordinary one and the administrative one.
constexpr uint64_t kBytesOfServer = uint64_t{180} << 20;
// A controller leads within seconds of its start.
constexpr absl::Duration kLeadTimeout = absl::Seconds(30);
constexpr absl::Duration kRetry = absl::Milliseconds(50);
constexpr absl::Duration kSlice = absl::Milliseconds(200);

absl::Status CheckOptions(const UpOptions& options) {
  const auto invalid = [](absl::string_view what, absl::string_view expected,
                          absl::string_view found) {
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", absl::StrCat("wrong ", what),
                   expected, found);
  };
  if (options.dir.empty()) return invalid("folder", "the name of a folder", "an empty name");
  if (options.servers < 1 || options.servers > kMaxServers) {
    return invalid("number of servers", absl::StrCat("1 to ", kMaxServers, " in each group"),
                   absl::StrCat(options.servers));
  }
  if (options.groups < 0 || options.groups > kMaxGroups) {
    return invalid("number of groups", absl::StrCat("0 to ", kMaxGroups),
                   absl::StrCat(options.groups));
  }
  struct Count {
    absl::string_view what;
    int found;
    int least;
  };
  for (const Count& count :
       {Count{"controllers", options.controllers, 1}, Count{"monitors", options.monitors, 1},
        Count{"gateways", options.gateways, 0}}) {
    if (count.found >= count.least && count.found <= kMaxReplicas) continue;
    return invalid(absl::StrCat("number of ", count.what),
                   absl::StrCat(count.least, " to ", kMaxReplicas), absl::StrCat(count.found));
  }
  if (!options.group_names.empty() &&
      static_cast<int>(options.group_names.size()) != options.groups) {
    return invalid("names of groups", absl::StrCat("one for each of ", options.groups),
                   absl::StrCat(options.group_names.size()));
  }
  return absl::OkStatus();
}

absl::Status CheckSpace(const std::string& dir, int servers) {
  struct statvfs info;
  if (statvfs(dir.c_str(), &info) != 0) return absl::OkStatus();  // What is full will say so.
  const uint64_t wanted = kBytesOfServer * static_cast<uint64_t>(servers);
  const uint64_t free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  if (free >= wanted) return absl::OkStatus();
  return Refusal(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                 absl::StrCat("too little room in ", dir),
                 absl::StrCat(wanted >> 20, " MiB free for ", servers, " servers"),
                 absl::StrCat(free >> 20, " MiB"), "make room, or name a folder on another disk");
}

std::string Count(size_t number, absl::string_view noun) {
  return absl::StrCat(number, " ", noun, number == 1 ? "" : "s");
}

// One `up` at work.
class Rise {
 public:
  Rise(const UpOptions& options, Folder folder, const Progress& progress,
       const Cancelled& cancelled)
      : options_(options),
        replicas_{options.controllers, options.monitors, options.gateways},
        folder_(std::move(folder)),
        progress_(progress),
        cancelled_(cancelled) {}

  absl::StatusOr<Layout> Run() {
    layout_.dir = folder_.dir();
    WEFT_RETURN_IF_ERROR(CheckSpace(folder_.dir(), 1 + options_.groups * options_.servers));
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

  absl::StatusOr<Installation> Find(const std::string& name) const {
    const ResolveOptions resolve = {.cache_dir = "",
                                    .obtain_script = options_.obtain_script,
                                    .obtain_missing = true,
                                    .cancelled = cancelled_};
    if (MustBeObtained(name, resolve)) {
      Say(absl::StrCat("obtaining MySQL ", name, ", this once (up to 70 MB to download)"));
    }
    absl::StatusOr<Installation> found = ResolveInstallation(name, resolve);
    WEFT_RETURN_IF_ERROR(CheckCancelled());
    return found;
  }

  absl::Status FindMysql() {
    WEFT_ASSIGN_OR_RETURN(store_mysql_, Find(kStoreMysql));
    if (options_.mysql == kStoreMysql) {
      mysql_ = store_mysql_;
    } else {
      WEFT_ASSIGN_OR_RETURN(mysql_, Find(options_.mysql));
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
    WEFT_ASSIGN_OR_RETURN(std::vector<int> ports,
                          ClaimPorts(folder_.dir(), 1 + of_servers + of_processes));
    store_port_ = ports[0];
    ports_of_servers_.assign(ports.begin() + 1, ports.begin() + 1 + of_servers);
    ports_of_processes_.assign(ports.begin() + 1 + of_servers, ports.end());
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
    store_content_.database = kStoreDatabase;
    store_content_.owner = kStoreUser;
    WEFT_ASSIGN_OR_RETURN(store_content_.owner_password, MakeSecret(kStoreSecret));
    layout_.store = {absl::StrCat("127.0.0.1:", store_port_), kStoreUser,
                     folder_.secret(kStoreSecret), 0};
    return absl::OkStatus();
  }

  absl::StatusOr<Instance> LaunchStore() const {
    InstanceOptions options;
    options.dir = folder_.store();
    options.name = absl::StrCat("the state store ", layout_.store.address);
    options.port = store_port_;
    options.role = InstanceRole::kStandalone;
    options.init_statements = InitialStatements(store_mysql_.version_number, store_content_);
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
    WEFT_ASSIGN_OR_RETURN(const Instance store, LaunchStore());
    std::vector<Instance> servers;
    for (int i = 0; i < count; ++i) {
      WEFT_RETURN_IF_ERROR(CheckCancelled());
      WEFT_ASSIGN_OR_RETURN(Instance server, LaunchServer(i));
      servers.push_back(std::move(server));
    }
    WEFT_RETURN_IF_ERROR(Wait([&](absl::Duration slice) { return store.WaitReady(slice); }));
    for (const Instance& server : servers) {
      WEFT_RETURN_IF_ERROR(Wait([&](absl::Duration slice) { return server.WaitReady(slice); }));
    }
    Describe(store, servers);
    Say(absl::StrCat("the state store and ", Count(count, "server"), " are ready"));
    return absl::OkStatus();
  }

  void Describe(const Instance& store, const std::vector<Instance>& servers) {
    layout_.store.pid = store.Inspect().pid;
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
  int store_port_ = 0;
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
