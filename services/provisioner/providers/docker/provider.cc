#include "services/provisioner/providers/docker/provider.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/docker/container.h"
#include "services/provisioner/providers/docker/engine.h"
#include "services/provisioner/providers/docker/snapshots.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/persisted.h"
#include "services/provisioner/providers/transport.h"

namespace weft::provisioner {
namespace {

using docker::Engine;
using docker::Settings;

constexpr char kUserDataFolder[] = "/docker-entrypoint-initdb.d/";
constexpr int kUserDataMode = 0755;
constexpr int kPortAttempts = 16;

class DockerProvider : public Provider {
 public:
  DockerProvider(ProviderRecord record, Settings settings, const Transport& transport, Clock* clock)
      : record_(std::move(record)),
        settings_(std::move(settings)),
        engine_(transport, clock),
        snapshots_(&engine_, &settings_, clock) {}

  absl::Status Check(const Deadline& deadline) override { return engine_.Check(deadline); }

  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    WEFT_ASSIGN_OR_RETURN(const Json container, Understand(order));
    WEFT_ASSIGN_OR_RETURN(const std::optional<Machine> existing, Find(order.uuid, deadline));
    if (existing.has_value()) {
      // Whoever made it may have died before it was started.
      if (IsWhole(*existing) && existing->state == MachineState::kPending) {
        WEFT_RETURN_IF_ERROR(Begin(order, deadline));
      }
      return Get(order.uuid, deadline);
    }
    WEFT_RETURN_IF_ERROR(Make(order, container, MachineName(order.uuid), deadline));
    WEFT_RETURN_IF_ERROR(Begin(order, deadline));
    return Get(order.uuid, deadline);
  }

  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_ASSIGN_OR_RETURN(std::optional<Machine> machine, Find(uuid, deadline));
    if (!machine.has_value()) return MachineUnknown(engine_.who(), uuid);
    return *std::move(machine);
  }

  absl::StatusOr<std::vector<Machine>> Search(const Properties& generic, const Properties& meta,
                                              const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckKeys("filter", generic, {"name", "id", "image", "status"}));
    std::vector<std::string> labels = {docker::kMachineLabel,
                                       absl::StrCat(docker::kProviderLabel, "=", record_.id)};
    for (const auto& [key, value] : meta) {
      labels.push_back(absl::StrCat(docker::kMetaPrefix, key, "=", value));
    }
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, engine_.Names(labels, deadline));
    std::vector<Machine> machines;
    for (const std::string& name : names) {
      WEFT_ASSIGN_OR_RETURN(const std::optional<Json> inspected, engine_.Inspect(name, deadline));
      // One may have gone meanwhile.
      if (!inspected.has_value() || !HoldsAll(docker::GenericOf(*inspected), generic)) continue;
      WEFT_ASSIGN_OR_RETURN(Machine machine, Read(*inspected));
      machines.push_back(std::move(machine));
    }
    SortByUuid(machines);
    return machines;
  }

  absl::Status Destroy(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    const std::string name = MachineName(uuid);
    WEFT_RETURN_IF_ERROR(snapshots_.RemoveUnfinished(uuid, deadline));
    WEFT_RETURN_IF_ERROR(engine_.Remove(name, deadline));
    WEFT_RETURN_IF_ERROR(engine_.Remove(Unfinished(uuid), deadline));
    return engine_.RemoveVolume(name, deadline);
  }

  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    return snapshots_.Create(uuid, name, terms);
  }
  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                             const Deadline& deadline) override {
    return snapshots_.List(uuid, deadline);
  }
  absl::Status DestroySnapshot(const std::string& name, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    return snapshots_.Destroy(name, deadline);
  }

  absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    const Deadline& deadline = terms.deadline;
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", snapshot));
    WEFT_ASSIGN_OR_RETURN(const Json container, Understand(order));
    WEFT_ASSIGN_OR_RETURN(const std::optional<Machine> existing, Find(order.uuid, deadline));
    if (existing.has_value() && IsWhole(*existing)) return Create(order, deadline);
    // What an earlier try has left is begun anew: nobody knows how far it came.
    if (existing.has_value()) WEFT_RETURN_IF_ERROR(Destroy(order.uuid, deadline));
    const std::string unfinished = Unfinished(order.uuid);
    WEFT_RETURN_IF_ERROR(Make(order, container, unfinished, deadline));
    WEFT_RETURN_IF_ERROR(snapshots_.CopyInto(snapshot, unfinished, terms));
    WEFT_RETURN_IF_ERROR(GiveOwnIdentity(order, unfinished, deadline));
    WEFT_RETURN_IF_ERROR(SkipReplicaStart(unfinished, deadline));
    WEFT_RETURN_IF_ERROR(engine_.Rename(unfinished, MachineName(order.uuid), deadline));
    WEFT_RETURN_IF_ERROR(Begin(order, deadline));
    return Get(order.uuid, deadline);
  }

 private:
  static std::string Unfinished(const std::string& uuid) {
    return absl::StrCat(docker::kUnfinished, MachineName(uuid));
  }
  // Colons that end a number become blanks: "127.0.0.1:21000: bind: ..." has ":21000 ".
  static std::string Spaced(absl::string_view message) {
    return absl::StrReplaceAll(absl::StrCat(message, " "), {{": ", " "}});
  }
  static bool IsWhole(const Machine& machine) { return machine.detail != kBeingRestored; }

  absl::StatusOr<Json> Understand(const MachineOrder& order) const {
    WEFT_RETURN_IF_ERROR(
        CheckOrder(order, {"private_networks", "public_network", "user_data"}, engine_.who()));
    return docker::ContainerOf(order, settings_);
  }

  absl::StatusOr<Machine> Read(const Json& inspected) const {
    auto machine = docker::MachineOf(inspected, settings_);
    if (!machine.ok()) return engine_.Garbage(machine.status().message(), inspected);
    if (absl::StartsWith(docker::GenericOf(inspected)["name"], docker::kUnfinished)) {
      machine->state = MachineState::kPending;
      machine->detail = kBeingRestored;
    }
    return machine;
  }

  absl::StatusOr<std::optional<Machine>> Find(const std::string& uuid, const Deadline& deadline) {
    for (const std::string& name : {MachineName(uuid), Unfinished(uuid)}) {
      WEFT_ASSIGN_OR_RETURN(const std::optional<Json> inspected, engine_.Inspect(name, deadline));
      if (!inspected.has_value()) continue;
      WEFT_ASSIGN_OR_RETURN(Machine machine, Read(*inspected));
      return std::optional<Machine>(std::move(machine));
    }
    return std::optional<Machine>();
  }

  // Makes the container, and does not start it.
  absl::Status Make(const MachineOrder& order, Json container, const std::string& name,
                    const Deadline& deadline) {
    WEFT_ASSIGN_OR_RETURN(const std::string image, ImageName(order, record_));
    WEFT_ASSIGN_OR_RETURN(container["Image"], engine_.FindImage(image, deadline));
    for (const std::string& network : order.private_networks) {
      WEFT_RETURN_IF_ERROR(engine_.CheckNetwork(network, deadline));
    }
    return engine_.Create(name, container, deadline);
  }

  // Starts what has been made. A port that somebody else has costs another container on the same
  // data, as an engine does not let a container's ports be changed.
  absl::Status Begin(const MachineOrder& order, const Deadline& deadline) {
    for (int attempt = 0;; ++attempt) {
      const absl::Status started = TryToBegin(order, deadline);
      const std::string port =
          absl::StrCat(":", docker::PublishedPort(order, settings_, attempt), " ");
      const bool taken = docker::IsPublished(order, settings_) &&
                         absl::IsResourceExhausted(started) &&
                         absl::StrContains(Spaced(started.message()), port);
      if (!taken || attempt + 1 == kPortAttempts) return started;
      WEFT_ASSIGN_OR_RETURN(const Json other, docker::ContainerOf(order, settings_, attempt + 1));
      WEFT_RETURN_IF_ERROR(engine_.Remove(MachineName(order.uuid), deadline));
      WEFT_RETURN_IF_ERROR(Make(order, other, MachineName(order.uuid), deadline));
    }
  }

  absl::Status TryToBegin(const MachineOrder& order, const Deadline& deadline) {
    const std::string name = MachineName(order.uuid);
    // The first one it was made with.
    for (size_t i = 1; i < order.private_networks.size(); ++i) {
      WEFT_RETURN_IF_ERROR(engine_.Connect(order.private_networks[i], name, deadline));
    }
    if (!order.user_data.empty()) {
      const bool script = absl::StartsWith(order.user_data, "#!");
      const std::string path = absl::StrCat(kUserDataFolder, "user-data.", script ? "sh" : "sql");
      WEFT_RETURN_IF_ERROR(engine_.PutFile(name, path, order.user_data, kUserDataMode, deadline));
    }
    return engine_.Start(name, deadline);
  }

  // Two servers of one server uuid cannot replicate with each other: the restored one gets the
  // uuid of its machine.
  absl::Status GiveOwnIdentity(const MachineOrder& order, const std::string& name,
                               const Deadline& deadline) {
    const auto uuid = ServerUuid::Parse(order.uuid);
    if (!uuid.ok()) return absl::OkStatus();
    return engine_.PutFile(name, absl::StrCat(settings_.data_dir, "/auto.cnf"),
                           absl::StrCat("[auto]\nserver-uuid=", uuid->text(), "\n"), 0644,
                           deadline);
  }

  // Whom the saved server followed the restored one would follow at once, and be no more what was
  // saved.
  absl::Status SkipReplicaStart(const std::string& name, const Deadline& deadline) {
    const std::string path = absl::StrCat(settings_.data_dir, "/", kPersistedFile);
    WEFT_ASSIGN_OR_RETURN(const std::optional<std::string> found,
                          engine_.GetFile(name, path, deadline));
    WEFT_ASSIGN_OR_RETURN(const std::string told,
                          WithSkipReplicaStart(found.value_or(""), kBothSkipReplicaStarts));
    return engine_.PutFile(name, path, told, 0644, deadline);
  }

  static constexpr char kBeingRestored[] = "its data are being restored, or that was broken off";

  const ProviderRecord record_;
  const Settings settings_;
  Engine engine_;
  docker::Snapshots snapshots_;
};

// The host of "http://host:port"; the own one for a Unix socket.
std::string HostOf(const std::string& base, bool is_socket) {
  if (is_socket) return "127.0.0.1";
  const std::vector<std::string> parts = absl::StrSplit(base, absl::MaxSplits("://", 1));
  const std::string authority = parts.back().substr(0, parts.back().find('/'));
  const auto address = HostPort::Parse(authority);
  return address.ok() ? address->host : authority;
}

absl::StatusOr<Settings> SettingsOf(const ProviderRecord& record, const Transport& transport) {
  Settings settings;
  settings.provider_id = record.id;
  settings.engine_host = HostOf(transport.base, !transport.options.unix_socket.empty());
  settings.publish = Value(record.extra, "publish");
  if (const std::string ports = Value(record.extra, "publish_ports"); !ports.empty()) {
    const std::vector<std::string> ends = absl::StrSplit(ports, '-');
    if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &settings.first_port) ||
        !absl::SimpleAtoi(ends[1], &settings.last_port) || settings.first_port < 1 ||
        settings.last_port > 65535 || settings.first_port > settings.last_port) {
      return BadProvider("extra publish_ports", "FIRST-LAST", ports);
    }
  }
  const std::string folder = Value(record.extra, "data_dir");
  if (!folder.empty()) settings.data_dir = folder;
  if (settings.data_dir[0] != '/' || settings.data_dir.find('/', 1) == std::string::npos ||
      absl::EndsWith(settings.data_dir, "/")) {
    return BadProvider("extra data_dir", "an absolute path of two folders or more",
                       settings.data_dir);
  }
  const std::string port = Value(record.extra, "mysql_port");
  if (!port.empty() && (!absl::SimpleAtoi(port, &settings.mysql_port) || settings.mysql_port < 1 ||
                        settings.mysql_port > 65535)) {
    return BadProvider("extra mysql_port", "a port", port);
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> NewDockerProvider(const ProviderRecord& record,
                                                            Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(
      const Transport transport,
      TransportOf(record, {"data_dir", "mysql_port", "publish", "publish_ports"}));
  WEFT_ASSIGN_OR_RETURN(Settings settings, SettingsOf(record, transport));
  return std::make_unique<DockerProvider>(record, std::move(settings), transport, clock);
}

}  // namespace weft::provisioner
