#include "services/provisioner/providers/local/machines.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/ports.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/persisted.h"

namespace weft::provisioner::local {
namespace {

namespace fs = std::filesystem;

constexpr int kPorts = 2;  // The ordinary one and the administrative one.
constexpr absl::Duration kStart = absl::Seconds(60);
constexpr absl::Duration kGreeting = absl::Milliseconds(500);
constexpr absl::Duration kLockPoll = absl::Milliseconds(20);
constexpr char kRelaxed[] = "relaxed";

// From then on it can be persisted that replication does not start with the server.
constexpr int kSkipReplicaStart = 80024;
// It was named anew.
constexpr int kSaysReplica = 80026;

std::vector<std::string> SettingsOf(const Installation& installation, bool of_other_data) {
  std::vector<std::string> settings;
  if (CanClone(installation)) settings.push_back("plugin-load-add=mysql_clone.so");
  if (of_other_data && installation.version_number < kSkipReplicaStart) {
    settings.push_back("skip-slave-start");
  }
  return settings;
}

absl::Status SkipReplicaStart(const Installation& installation, const std::string& data_dir) {
  if (installation.version_number < kSkipReplicaStart) return absl::OkStatus();
  // The other one would stay after its reset, and hold once the server is upgraded.
  const absl::string_view name =
      installation.version_number < kSaysReplica ? "skip_slave_start" : "skip_replica_start";
  const std::string path = absl::StrCat(data_dir, "/", kPersistedFile);
  std::string found;
  if (Exists(path)) {
    WEFT_ASSIGN_OR_RETURN(found, ReadFile(path));
  }
  WEFT_ASSIGN_OR_RETURN(const std::string told, WithSkipReplicaStart(found, {name}));
  return WriteFileAtomically(path, told, 0640);
}

}  // namespace

bool CanClone(const Installation& installation) {
  return installation.has_plugins && installation.version_number >= 80017;
}

absl::StatusOr<Installation> FindImage(const std::string& who, const std::string& image) {
  ResolveOptions options;
  options.obtain_missing = false;
  absl::StatusOr<Installation> found = ResolveInstallation(image, options);
  if (absl::IsNotFound(found.status()) || absl::IsInvalidArgument(found.status())) {
    return ImageUnknown(who, absl::StrCat(image, " (", found.status().message(), ")"));
  }
  return found;
}

std::string Machines::who() const { return absl::StrCat("local at ", options_.folder); }

absl::StatusOr<MachineFile> Machines::FileOf(const std::string& uuid) const {
  WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
  absl::StatusOr<MachineFile> file = ReadMachineFile(Record(uuid));
  if (absl::IsNotFound(file.status())) return MachineUnknown(who(), uuid);
  return file;
}

absl::StatusOr<Instance> Machines::ServerOf(const std::string& uuid) const {
  return Instance::Open(Server(uuid));
}

Machine Machines::Describe(const MachineFile& file) const {
  Machine machine;
  machine.uuid = file.uuid;
  machine.provider_id = options_.provider;
  machine.native_id = Folder(file.uuid);
  machine.host = "localhost";
  machine.addresses = {{.network = "loopback", .host = "127.0.0.1", .port = file.port}};
  machine.meta = file.meta;
  const absl::StatusOr<Instance> server = ServerOf(file.uuid);
  if (!server.ok()) return machine;
  const InstanceState state = server->Inspect();
  if (state.running) {
    if (server->WaitReady(kGreeting).ok()) machine.state = MachineState::kRunning;
  } else if (!state.last_exit.empty()) {
    machine.state = MachineState::kStopped;
    machine.detail =
        absl::StrCat("mysqld ended (", state.last_exit, "); read ", server->error_log());
  }
  return machine;
}

absl::StatusOr<Machine> Machines::Get(const std::string& uuid) const {
  WEFT_ASSIGN_OR_RETURN(const MachineFile file, FileOf(uuid));
  return Describe(file);
}

std::vector<MachineFile> Machines::Files() const {
  std::vector<MachineFile> files;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.folder, code)) {
    absl::StatusOr<MachineFile> file =
        ReadMachineFile(absl::StrCat(entry.path().string(), "/machine.json"));
    if (file.ok()) files.push_back(*std::move(file));
  }
  return files;
}

std::vector<Machine> Machines::All() const {
  std::vector<Machine> machines;
  for (const MachineFile& file : Files()) machines.push_back(Describe(file));
  SortByUuid(machines);
  return machines;
}

absl::StatusOr<FileLock> Machines::LockAll(const Deadline& deadline) const {
  absl::StatusOr<FileLock> lock = FileLock::AcquireBy(options_.folder + "/lock", deadline, clock_);
  if (absl::IsDeadlineExceeded(lock.status())) {
    return ProviderTooSlow(who(), "another holds its folder");
  }
  return lock;
}

// The lock goes with the folder when the machine is removed, so it is opened only while nobody
// removes a folder: who has opened it has it, or tries again.
absl::StatusOr<FileLock> Machines::LockOne(const std::string& uuid,
                                           const Deadline& deadline) const {
  while (true) {
    {
      WEFT_ASSIGN_OR_RETURN(const FileLock all, LockAll(deadline));
      WEFT_RETURN_IF_ERROR(MakeFolder(Folder(uuid), 0700));
      absl::StatusOr<FileLock> one = FileLock::TryAcquire(Folder(uuid) + "/lock");
      if (!absl::IsUnavailable(one.status())) return one;
    }
    if (deadline.Passed()) {
      return ProviderTooSlow(who(), absl::StrCat("another works on machine ", uuid));
    }
    clock_->Sleep(std::min(kLockPoll, deadline.Remaining()));
  }
}

absl::StatusOr<std::vector<int>> Machines::TakePorts(const std::string& uuid) const {
  // Of a try that was cut off.
  ReleasePorts(Folder(uuid));
  if (!options_.ports.has_value()) return ClaimPorts(Folder(uuid), kPorts);
  std::set<int> taken;
  for (const MachineFile& file : Files()) {
    if (file.uuid != uuid) taken.insert({file.port, file.admin_port});
  }
  std::vector<int> ports;
  for (int port = options_.ports->first; port <= options_.ports->second; ++port) {
    if (taken.count(port) > 0 || !CheckPortFree(port).ok()) continue;
    ports.push_back(port);
    if (ports.size() == kPorts) return ports;
  }
  return ProviderQuota(who(), absl::StrCat("fewer than ", kPorts, " ports are free from ",
                                           options_.ports->first, " to ", options_.ports->second));
}

absl::Status Machines::Reserve(MachineFile* file, const Deadline& deadline) const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, LockAll(deadline));
  WEFT_ASSIGN_OR_RETURN(const std::vector<int> ports, TakePorts(file->uuid));
  file->port = ports[0];
  file->admin_port = ports[1];
  return Write(Record(file->uuid), *file);
}

absl::Status Machines::MakeLocked(const Blueprint& blueprint, const Deadline& deadline) const {
  MachineFile file = blueprint.machine;
  const std::string& uuid = file.uuid;
  if (Exists(Made(uuid))) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const Installation installation, FindImage(who(), file.image));
  WEFT_RETURN_IF_ERROR(RemoveInstance(Server(uuid)));
  WEFT_RETURN_IF_ERROR(Reserve(&file, deadline));

  InstanceOptions options;
  options.dir = Server(uuid);
  options.name = absl::StrCat("machine ", uuid);
  options.port = file.port;
  options.admin_port = file.admin_port;
  options.server_uuid = uuid;
  options.role = InstanceRole::kMember;
  options.durable = file.flavor != kRelaxed;
  options.extra_cnf = SettingsOf(installation, blueprint.fill != nullptr);
  options.init_statements = InitialStatements(installation.version_number, options_.content);
  options.init_statements.insert(options.init_statements.end(), blueprint.statements.begin(),
                                 blueprint.statements.end());
  WEFT_ASSIGN_OR_RETURN(const Instance server, Instance::Create(installation, options));
  if (blueprint.fill) {
    const std::string identity = server.data_dir() + "/auto.cnf";
    WEFT_ASSIGN_OR_RETURN(const std::string own, ReadFile(identity));
    WEFT_RETURN_IF_ERROR(RemoveTree(server.data_dir()));
    WEFT_RETURN_IF_ERROR(blueprint.fill(server.data_dir()));
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(identity, own, 0640));
    WEFT_RETURN_IF_ERROR(SkipReplicaStart(installation, server.data_dir()));
  }
  return WriteFileAtomically(Made(uuid), "", 0600);
}

absl::StatusOr<Machine> Machines::Make(const Blueprint& blueprint, const Deadline& deadline) const {
  const std::string& uuid = blueprint.machine.uuid;
  WEFT_RETURN_IF_ERROR(MakeFolder(options_.folder, 0700));
  {
    WEFT_ASSIGN_OR_RETURN(const FileLock lock, LockOne(uuid, deadline));
    WEFT_RETURN_IF_ERROR(MakeLocked(blueprint, deadline));
  }
  WEFT_ASSIGN_OR_RETURN(const Instance server, ServerOf(uuid));
  // One that was stopped, or has crashed, is not started behind anybody's back.
  const InstanceState state = server.Inspect();
  if (state.running || state.last_exit.empty()) {
    const absl::Status started = server.Start(std::min(kStart, deadline.Remaining()));
    if (!started.ok() && !absl::IsDeadlineExceeded(started)) return started;
  }
  return Get(uuid);
}

absl::Status Machines::Remove(const std::string& uuid, const Deadline& deadline) const {
  WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
  if (!Exists(Folder(uuid))) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, LockOne(uuid, deadline));
  // From here on it is made anew, where its removal is cut off and it is asked for again.
  WEFT_RETURN_IF_ERROR(RemoveTree(Made(uuid)));
  WEFT_RETURN_IF_ERROR(RemoveInstance(Server(uuid)));
  WEFT_ASSIGN_OR_RETURN(const FileLock all, LockAll(deadline));
  ReleasePorts(Folder(uuid));
  return RemoveTree(Folder(uuid));
}

}  // namespace weft::provisioner::local
