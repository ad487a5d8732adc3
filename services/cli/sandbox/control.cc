// What is done with a sandbox that is up.
#include <algorithm>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/group_replication.h"
#include "common/mysqld/instance.h"
#include "services/cli/sandbox/daemon.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/processes.h"
#include "services/cli/sandbox/sandbox.h"
#include "services/cli/sandbox/teardown.h"

namespace weft::cli::sandbox {
namespace {

constexpr size_t kShortestUuidPrefix = 4;
constexpr absl::Duration kStopGrace = absl::Seconds(30);
constexpr absl::Duration kDaemonGrace = absl::Seconds(10);
constexpr absl::Duration kStartTimeout = absl::Seconds(60);

// Whatever can be stopped and started by name.
struct Target {
  std::string what;
  std::function<int()> pid;
  std::function<absl::Status()> stop;
  std::function<absl::Status()> kill;
  std::function<absl::Status()> start;
};

Target TargetOf(const Instance& instance, std::string what) {
  return {.what = std::move(what),
          .pid = [instance] { return static_cast<int>(instance.Inspect().pid); },
          .stop = [instance] { return instance.Stop(kStopGrace); },
          .kill = [instance] { return instance.Kill(); },
          .start = [instance] { return instance.Start(kStartTimeout); }};
}

// Every instance of `some`, in order; the first failure ends it.
absl::Status OnEach(const std::vector<Instance>& some,
                    const std::function<absl::Status(const Instance&)>& work) {
  for (const Instance& instance : some) WEFT_RETURN_IF_ERROR(work(instance));
  return absl::OkStatus();
}

int PidOf(const std::vector<Instance>& some) {
  for (const Instance& instance : some) {
    if (const pid_t pid = instance.Inspect().pid; pid != 0) return pid;
  }
  return 0;
}

// Some members of the state store, or all of it.
Target TargetOf(std::vector<Instance> some, std::vector<Instance> all, std::string what) {
  return {
      .what = std::move(what),
      .pid = [some] { return PidOf(some); },
      .stop =
          [some] { return OnEach(some, [](const Instance& one) { return one.Stop(kStopGrace); }); },
      .kill =
          [some] {
            return OnEach(some, [](const Instance& one) {
              return one.Inspect().running ? one.Kill() : absl::OkStatus();
            });
          },
      .start = [some, all]() -> absl::Status {
        WEFT_RETURN_IF_ERROR(OnEach(some, [](const Instance& one) { return one.Launch(); }));
        WEFT_RETURN_IF_ERROR(
            OnEach(some, [](const Instance& one) { return one.WaitReady(kStartTimeout); }));
        return all.size() > 1 ? Assemble(all, kStartTimeout) : absl::OkStatus();
      }};
}

absl::StatusOr<std::vector<Instance>> StoreOf(const Folder& folder, const Layout& layout) {
  std::vector<Instance> store;
  for (size_t i = 1; i <= layout.store.members.size(); ++i) {
    WEFT_ASSIGN_OR_RETURN(Instance member, Instance::Open(folder.store(static_cast<int>(i))));
    store.push_back(std::move(member));
  }
  return store;
}

Target TargetOf(const Daemon& daemon) {
  return {.what = absl::StrCat(daemon.name(), " ", daemon.address()),
          .pid = [daemon] { return daemon.pid(); },
          .stop = [daemon] { return daemon.Stop(kDaemonGrace); },
          .kill = [daemon] { return daemon.Kill(); },
          .start = [daemon]() -> absl::Status {
            WEFT_RETURN_IF_ERROR(daemon.Start());
            return daemon.WaitServing(kStartTimeout);
          }};
}

int PortOf(const std::string& address) {
  int port = 0;
  (void)absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port);
  return port;
}

std::string Describe(const Server& server) {
  return absl::StrCat("server ", server.address, " (", server.uuid, ")");
}

// A server with all that it may be called by, what is shown to people first.
struct NamedServer {
  std::vector<std::string> names;
  Server server;
};

std::vector<NamedServer> ServersOf(const Layout& layout) {
  std::vector<NamedServer> servers;
  const auto add = [&servers](const Server& server, std::vector<std::string> names) {
    names.push_back(server.address);
    names.push_back(absl::StrCat(servers.size() + 1));
    servers.push_back({std::move(names), server});
  };
  for (const Group& group : layout.groups) {
    for (size_t i = 0; i < group.servers.size(); ++i) {
      add(group.servers[i], {absl::StrCat(group.id, "/", i + 1)});
    }
  }
  for (const Server& server : layout.added) add(server, {});
  return servers;
}

// "controller", "controller-2": what ProcessNameOf takes, for each process of its kind.
void AddNames(absl::string_view kind, size_t number, std::vector<std::string>* names) {
  for (size_t i = 1; i <= number; ++i) {
    names->push_back(i == 1 ? std::string(kind) : absl::StrCat(kind, "-", i));
  }
}

absl::Status UnknownServer(const Layout& layout, absl::string_view which, absl::string_view found) {
  std::vector<std::string> known;
  for (const NamedServer& named : ServersOf(layout)) {
    const bool in_group = named.names.front() != named.server.address;
    known.push_back(in_group ? absl::StrCat(named.names.front(), " ", named.server.address)
                             : named.server.address);
  }
  known.push_back("store");
  if (layout.store.members.size() > 1) {
    for (const StoreMember& member : layout.store.members) known.push_back(member.name);
  }
  AddNames("controller", layout.controllers.size(), &known);
  AddNames("monitor", layout.monitors.size(), &known);
  AddNames("provisioner", layout.provisioners.size(), &known);
  AddNames("gateway", layout.gateways.size(), &known);
  const std::string all = absl::StrJoin(known, ", ");
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_SERVER",
                 absl::StrCat("'", which, "' names ", found, " of this sandbox"),
                 absl::StrCat("one of: ", all), absl::StrCat("'", which, "'"),
                 "name one by host:port, uuid, GROUP/N or N");
}

// By its whole name first, then by the beginning of its uuid.
absl::StatusOr<Server> FindServer(const Layout& layout, absl::string_view which) {
  std::vector<Server> by_uuid;
  for (const NamedServer& named : ServersOf(layout)) {
    if (std::find(named.names.begin(), named.names.end(), which) != named.names.end()) {
      return named.server;
    }
    if (which.size() >= kShortestUuidPrefix &&
        absl::StartsWithIgnoreCase(named.server.uuid, which)) {
      by_uuid.push_back(named.server);
    }
  }
  if (by_uuid.size() == 1) return by_uuid.front();
  return UnknownServer(layout, which, by_uuid.empty() ? "nothing" : "more than one server");
}

absl::StatusOr<Target> FindTarget(absl::string_view dir, absl::string_view which) {
  WEFT_ASSIGN_OR_RETURN(const Layout layout, Load(dir));
  const Folder folder(dir);
  WEFT_ASSIGN_OR_RETURN(const std::vector<Instance> store, StoreOf(folder, layout));
  if (which == "store" || which == layout.store.address) {
    return TargetOf(store, store, absl::StrCat("the state store ", layout.store.address));
  }
  for (size_t i = 0; i < store.size(); ++i) {
    const StoreMember& member = layout.store.members[i];
    if (which != member.name && which != member.address) continue;
    return TargetOf({store[i]}, store, absl::StrCat(member.name, " ", member.address));
  }
  if (const std::string process = ProcessNameOf(which); !process.empty()) {
    const absl::StatusOr<Daemon> daemon = Daemon::Open(folder, process);
    if (!daemon.ok()) return UnknownServer(layout, which, "nothing");
    return TargetOf(*daemon);
  }
  WEFT_ASSIGN_OR_RETURN(const Server server, FindServer(layout, which));
  WEFT_ASSIGN_OR_RETURN(const Instance instance,
                        Instance::Open(folder.server(PortOf(server.address))));
  return TargetOf(instance, Describe(server));
}

// What is true of it now.
void Refresh(const Folder& folder, Server* server) {
  const auto instance = Instance::Open(folder.server(PortOf(server->address)));
  const InstanceState state = instance.ok() ? instance->Inspect() : InstanceState();
  server->pid = state.pid;
  if (!state.server_uuid.empty()) server->uuid = state.server_uuid;
}

// Ends what runs; `end` is the way to do it.
absl::StatusOr<Outcome> End(const Target& target, const std::function<absl::Status()>& end) {
  Outcome outcome = {.what = target.what, .changed = false, .pid = target.pid()};
  if (outcome.pid == 0) return outcome;
  WEFT_RETURN_IF_ERROR(end());
  outcome.changed = true;
  return outcome;
}

}  // namespace

absl::StatusOr<Layout> Load(absl::string_view dir) {
  const Folder folder(dir);
  const absl::StatusOr<std::string> text = ReadFile(folder.record());
  if (!text.ok()) {
    const bool half = folder.IsSandbox();
    return Refusal(
        absl::StatusCode::kNotFound, "NO_SANDBOX",
        absl::StrCat(half ? "only half a sandbox is in " : "there is no sandbox in ", folder.dir()),
        absl::StrCat("a file ", folder.record()), "none that can be read",
        absl::StrCat("weft sandbox ", half ? "down" : "up", " --dir ", folder.dir()));
  }
  absl::StatusOr<Layout> layout = FromJson(*text);
  if (!layout.ok()) return Annotate(layout.status(), folder.record());
  layout->store.pid = 0;
  for (size_t i = 0; i < layout->store.members.size(); ++i) {
    const auto member = Instance::Open(folder.store(static_cast<int>(i) + 1));
    layout->store.members[i].pid = member.ok() ? static_cast<int>(member->Inspect().pid) : 0;
    if (layout->store.pid == 0) layout->store.pid = layout->store.members[i].pid;
  }
  for (Group& group : layout->groups) {
    for (Server& server : group.servers) Refresh(folder, &server);
  }
  for (Server& server : layout->added) Refresh(folder, &server);
  return layout;
}

absl::StatusOr<Outcome> StopServer(absl::string_view dir, absl::string_view which) {
  WEFT_ASSIGN_OR_RETURN(const Target target, FindTarget(dir, which));
  return End(target, target.stop);
}

absl::StatusOr<Outcome> KillServer(absl::string_view dir, absl::string_view which) {
  WEFT_ASSIGN_OR_RETURN(const Target target, FindTarget(dir, which));
  return End(target, target.kill);
}

absl::StatusOr<Outcome> StartServer(absl::string_view dir, absl::string_view which) {
  WEFT_ASSIGN_OR_RETURN(const Target target, FindTarget(dir, which));
  const int before = target.pid();
  WEFT_RETURN_IF_ERROR(target.start());
  return Outcome{.what = target.what, .changed = before == 0, .pid = target.pid()};
}

absl::StatusOr<DownReport> Down(absl::string_view dir, const Progress& progress) {
  const Folder folder(dir);
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, folder.Take());
  if (progress) progress(absl::StrCat("stopping what runs in ", folder.dir()));
  return TearDown(folder);
}

}  // namespace weft::cli::sandbox
