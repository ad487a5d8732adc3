#include "services/provisioner/providers/kubernetes/provider.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/kubernetes/cluster.h"
#include "services/provisioner/providers/kubernetes/objects.h"
#include "services/provisioner/providers/kubernetes/restored.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/snapshot_wait.h"
#include "services/provisioner/providers/transport.h"
#include "services/provisioner/providers/words.h"

namespace weft::provisioner {
namespace {

using kubernetes::Cluster;
using kubernetes::Kind;
using kubernetes::Objects;
using kubernetes::Settings;

constexpr absl::Duration kSnapshotPoll = absl::Milliseconds(500);
constexpr absl::Duration kEndPoll = absl::Milliseconds(200);
constexpr absl::Duration kCleanUpTime = absl::Seconds(10);

std::string Labels(const std::string& uuid) {
  std::string labels = absl::StrCat(kubernetes::kManagedBy, "=weft");
  if (!uuid.empty()) absl::StrAppend(&labels, ",", kubernetes::kMachineLabel, "=", uuid);
  return labels;
}

// A machine with the objects that it was read from.
struct Loaded {
  Machine machine;
  Properties generic;
};

class KubernetesProvider : public Provider {
 public:
  KubernetesProvider(ProviderRecord record, Settings settings, const Transport& transport,
                     Clock* clock)
      : record_(std::move(record)),
        settings_(std::move(settings)),
        clock_(clock),
        cluster_(transport, {record_.password, Value(record_.extra, "token_file")},
                 settings_.name_space) {}

  absl::Status Check(const Deadline& deadline) override {
    return cluster_.List(kubernetes::kStatefulSets, Labels(""), deadline).status();
  }

  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    WEFT_ASSIGN_OR_RETURN(const Objects objects, Understand(order));
    return Make(order, objects, deadline);
  }

  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_ASSIGN_OR_RETURN(std::vector<Loaded> loaded, Load(uuid, deadline));
    if (loaded.empty()) return MachineUnknown(cluster_.who(), uuid);
    return std::move(loaded.front().machine);
  }

  absl::StatusOr<std::vector<Machine>> Search(const Properties& generic, const Properties& meta,
                                              const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckKeys("filter", generic, {"name", "status", "node", "image"}));
    WEFT_ASSIGN_OR_RETURN(std::vector<Loaded> loaded, Load("", deadline));
    std::vector<Machine> machines;
    for (Loaded& each : loaded) {
      if (HoldsAll(each.generic, generic) && HoldsAll(each.machine.meta, meta)) {
        machines.push_back(std::move(each.machine));
      }
    }
    SortByUuid(machines);
    return machines;
  }

  absl::Status Destroy(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_RETURN_IF_ERROR(cluster_.Delete(kubernetes::kStatefulSets, MachineName(uuid), deadline));
    // The cluster takes what it owned in its own time: a pod runs on while its node does not
    // answer.
    for (const Kind& kind : {kubernetes::kStatefulSets, kubernetes::kPods, kubernetes::kClaims,
                             kubernetes::kServices, kubernetes::kSecrets}) {
      WEFT_RETURN_IF_ERROR(AwaitNone(kind, uuid, deadline));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    const Deadline& deadline = terms.deadline;
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    WEFT_ASSIGN_OR_RETURN(const std::optional<Json> begun, GetBegun(name, terms));
    if (!begun.has_value()) {
      WEFT_RETURN_IF_ERROR(Get(uuid, deadline).status());
      const Json object = kubernetes::SnapshotOf(name, uuid, settings_);
      WEFT_ASSIGN_OR_RETURN(const std::optional<Json> applied,
                            cluster_.Apply(kubernetes::kSnapshots, object, deadline));
      if (!applied.has_value()) return NoSnapshots();
    }
    auto ready = AwaitReady(name, terms);
    if (IsOver(ready.status(), terms)) {
      // What is not whole is not kept.
      cluster_.Delete(kubernetes::kSnapshots, name, Deadline::After(clock_, kCleanUpTime))
          .IgnoreError();
    }
    return ready;
  }

  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                             const Deadline& deadline) override {
    if (!uuid.empty()) WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_ASSIGN_OR_RETURN(const auto objects,
                          cluster_.List(kubernetes::kSnapshots, Labels(uuid), deadline));
    if (!objects.has_value()) return NoSnapshots();
    std::vector<MachineSnapshot> snapshots;
    for (const Json& object : *objects) {
      if (kubernetes::ProviderOf(object) != record_.id || !IsReady(object)) continue;
      WEFT_ASSIGN_OR_RETURN(MachineSnapshot snapshot, ReadSnapshot(object));
      snapshots.push_back(std::move(snapshot));
    }
    SortByAge(snapshots);
    return snapshots;
  }

  absl::Status DestroySnapshot(const std::string& name, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    return cluster_.Delete(kubernetes::kSnapshots, name, deadline);
  }

  absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    const Deadline& deadline = terms.deadline;
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", snapshot));
    WEFT_ASSIGN_OR_RETURN(Objects objects, Understand(order));
    WEFT_ASSIGN_OR_RETURN(const std::optional<Json> object,
                          cluster_.Get(kubernetes::kSnapshots, snapshot, deadline));
    // Of two kinds of nothing the cluster says the same.
    if (!object.has_value()) WEFT_RETURN_IF_ERROR(ListSnapshots("", deadline).status());
    if (!object.has_value() || !IsReady(*object)) {
      return SnapshotUnknown(cluster_.who(), snapshot);
    }
    WEFT_ASSIGN_OR_RETURN(const MachineSnapshot saved, ReadSnapshot(*object));
    kubernetes::FillFrom(snapshot, saved.bytes, objects.claim);
    WEFT_RETURN_IF_ERROR(
        kubernetes::GiveOwnIdentity(order.uuid, settings_.data_dir, objects.stateful_set));
    return Make(order, objects, deadline);
  }

 private:
  absl::StatusOr<Objects> Understand(const MachineOrder& order) const {
    WEFT_RETURN_IF_ERROR(
        CheckOrder(order, {"availability_zone", "scheduler_hints", "public_network", "user_data"},
                   cluster_.who()));
    WEFT_ASSIGN_OR_RETURN(const std::string image, ImageName(order, record_));
    return kubernetes::ObjectsOf(order, image, settings_);
  }

  absl::StatusOr<Machine> Make(const MachineOrder& order, Objects objects,
                               const Deadline& deadline) {
    const std::string name = MachineName(order.uuid);
    WEFT_ASSIGN_OR_RETURN(std::optional<Json> owner,
                          cluster_.Get(kubernetes::kStatefulSets, name, deadline));
    if (!owner.has_value()) {
      // What a cluster has against a pod (quota, policy) a StatefulSet tells in events only.
      WEFT_RETURN_IF_ERROR(cluster_.TryToCreate(kubernetes::kPods,
                                                kubernetes::PodOf(objects.stateful_set), deadline));
      // First of all, so that what is half made is listed and goes as a whole.
      WEFT_ASSIGN_OR_RETURN(
          owner, cluster_.Apply(kubernetes::kStatefulSets, objects.stateful_set, deadline));
      if (!owner.has_value()) return ProviderRefused(cluster_.who(), "make machines", "404");
    }
    const std::string uid = TextAt(*owner, {"metadata", "uid"});
    const std::pair<const Kind&, Json&> owned[] = {{kubernetes::kClaims, objects.claim},
                                                   {kubernetes::kSecrets, objects.secret},
                                                   {kubernetes::kServices, objects.service}};
    for (const auto& [kind, object] : owned) {
      if (object.is_null()) continue;
      kubernetes::SetOwner(uid, name, object);
      WEFT_RETURN_IF_ERROR(cluster_.Apply(kind, object, deadline).status());
    }
    return Get(order.uuid, deadline);
  }

  // Of one uuid, or all of this provider.
  absl::StatusOr<std::vector<Loaded>> Load(const std::string& uuid, const Deadline& deadline) {
    using Named = std::map<std::string, Json>;
    const std::string labels = Labels(uuid);
    WEFT_ASSIGN_OR_RETURN(const Named sets, ByName(kubernetes::kStatefulSets, labels, deadline));
    if (sets.empty()) return std::vector<Loaded>();
    WEFT_ASSIGN_OR_RETURN(Named pods, ByName(kubernetes::kPods, labels, deadline));
    WEFT_ASSIGN_OR_RETURN(Named services, ByName(kubernetes::kServices, labels, deadline));
    std::vector<Loaded> loaded;
    for (const auto& [name, set] : sets) {
      if (kubernetes::ProviderOf(set) != record_.id) continue;
      const Json& pod = pods[absl::StrCat(name, "-0")];
      auto machine = kubernetes::MachineOf(set, pod, services[name], settings_);
      if (!machine.ok()) return cluster_.Garbage(machine.status().message(), set);
      loaded.push_back({*std::move(machine), kubernetes::GenericOf(set, pod)});
    }
    return loaded;
  }

  absl::StatusOr<std::map<std::string, Json>> ByName(const Kind& kind, const std::string& labels,
                                                     const Deadline& deadline) {
    WEFT_ASSIGN_OR_RETURN(auto items, cluster_.List(kind, labels, deadline));
    std::map<std::string, Json> by_name;
    if (!items.has_value()) return by_name;
    for (Json& item : *items) {
      const std::string name = TextAt(item, {"metadata", "name"});
      by_name.emplace(name, std::move(item));
    }
    return by_name;
  }

  absl::Status AwaitNone(const Kind& kind, const std::string& uuid, const Deadline& deadline) {
    while (true) {
      WEFT_ASSIGN_OR_RETURN(const auto left, cluster_.List(kind, Labels(uuid), deadline));
      if (!left.has_value() || left->empty()) return absl::OkStatus();
      if (deadline.Passed()) {
        return ProviderTooSlow(cluster_.who(), absl::StrCat("the end of its ", kind.plural));
      }
      clock_->Sleep(std::min(kEndPoll, deadline.Remaining()));
    }
  }

  static bool IsLeaving(const Json& object) {
    return !At(object, {"metadata", "deletionTimestamp"}).is_null();
  }
  static bool IsReady(const Json& snapshot) {
    return TrueAt(snapshot, {"status", "readyToUse"}) && !IsLeaving(snapshot);
  }

  // The snapshot of that name. One that is on its way out, as whoever began it broke it off, is
  // waited for until it is gone.
  absl::StatusOr<std::optional<Json>> GetBegun(const std::string& name, const CopyTerms& terms) {
    const Deadline& deadline = terms.deadline;
    while (true) {
      WEFT_ASSIGN_OR_RETURN(std::optional<Json> object,
                            cluster_.Get(kubernetes::kSnapshots, name, deadline));
      if (!object.has_value() || !IsLeaving(*object)) return object;
      if (terms.Lost()) return ProviderWorkMoved(cluster_.who(), "a snapshot");
      if (terms.Cancelled()) return ProviderCancelled(cluster_.who(), "a snapshot");
      if (deadline.Passed()) return ProviderTooSlow(cluster_.who(), "the end of a snapshot");
      clock_->Sleep(std::min(kEndPoll, deadline.Remaining()));
    }
  }

  absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& object) const {
    auto snapshot = kubernetes::ReadSnapshot(object);
    return snapshot.ok() ? snapshot : cluster_.Garbage(snapshot.status().message(), object);
  }

  absl::StatusOr<MachineSnapshot> AwaitReady(const std::string& name, const CopyTerms& terms) {
    const Deadline& deadline = terms.deadline;
    while (true) {
      if (terms.Lost()) return ProviderWorkMoved(cluster_.who(), "a snapshot");
      if (terms.Cancelled()) return ProviderCancelled(cluster_.who(), "a snapshot");
      const absl::StatusOr<std::optional<Json>> found =
          cluster_.Get(kubernetes::kSnapshots, name, PollDeadline(deadline, clock_));
      if (!found.ok() && !AsksAgain(found.status(), deadline)) return found.status();
      if (found.ok()) {
        if (!found->has_value()) return SnapshotUnknown(cluster_.who(), name);
        const Json& object = **found;
        if (IsReady(object)) return ReadSnapshot(object);
        const std::string error = TextAt(object, {"status", "error", "message"});
        if (!error.empty()) return ProviderRefused(cluster_.who(), "make a snapshot", error);
      }
      if (deadline.Passed()) return ProviderTooSlow(cluster_.who(), "a snapshot");
      clock_->Sleep(std::min(kSnapshotPoll, deadline.Remaining()));
    }
  }

  absl::Status NoSnapshots() const {
    return NotOffered(cluster_.who(), "snapshots",
                      "Install VolumeSnapshots and a driver that makes them in the cluster.");
  }

  const ProviderRecord record_;
  const Settings settings_;
  Clock* const clock_;
  Cluster cluster_;
};

absl::StatusOr<Settings> SettingsOf(const ProviderRecord& record) {
  Settings settings;
  settings.provider_id = record.id;
  const auto set = [&record](absl::string_view key, std::string& place) {
    if (const std::string value = Value(record.extra, key); !value.empty()) place = value;
  };
  set("namespace", settings.name_space);
  set("cluster_domain", settings.cluster_domain);
  set("storage_class", settings.storage_class);
  set("snapshot_class", settings.snapshot_class);
  set("data_dir", settings.data_dir);
  if (const std::string storage = Value(record.extra, "storage"); !storage.empty()) {
    const auto bytes = Bytes("extra storage", storage);
    if (!bytes.ok()) return BadProvider("extra storage", "a size, as 20g", storage);
    settings.storage_bytes = *bytes;
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> NewKubernetesProvider(const ProviderRecord& record,
                                                                Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(
      const Transport transport,
      TransportOf(record, {"cluster_domain", "data_dir", "namespace", "snapshot_class", "storage",
                           "storage_class", "token_file"}));
  WEFT_ASSIGN_OR_RETURN(Settings settings, SettingsOf(record));
  if (record.password.find_first_of("\r\n") != std::string::npos) {
    return BadProvider("password", "a token of one line", "several lines");
  }
  return std::make_unique<KubernetesProvider>(record, std::move(settings), transport, clock);
}

}  // namespace weft::provisioner
