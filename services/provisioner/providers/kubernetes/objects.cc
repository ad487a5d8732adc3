#include "services/provisioner/providers/kubernetes/objects.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/words.h"

namespace weft::provisioner::kubernetes {
namespace {

constexpr char kZoneLabel[] = "topology.kubernetes.io/zone";
constexpr char kUserDataFolder[] = "/docker-entrypoint-initdb.d";
constexpr char kClusterLoadBalancer[] = "default";
constexpr char kUserMeta[] = "user";
constexpr char kMysqlUser[] = "999";  // of MySQL's own images

Json MetaData(const std::string& name, const std::string& uuid, const Settings& settings) {
  return {{"name", name},
          {"namespace", settings.name_space},
          {"labels", {{kManagedBy, "weft"}, {kMachineLabel, uuid}}},
          {"annotations", {{kProviderNote, settings.provider_id}}}};
}

// Sets requests and limits: a server that is promised less than it may use dies of its neighbours.
absl::Status SetResources(const Properties& flavor, Json& container) {
  Json amounts = Json::object();
  if (const std::string memory = Value(flavor, "memory"); !memory.empty()) {
    WEFT_ASSIGN_OR_RETURN(const int64_t bytes, Bytes("flavor memory", memory));
    amounts["memory"] = absl::StrCat(bytes);
  }
  if (const std::string cpus = Value(flavor, "cpus"); !cpus.empty()) {
    double number = 0;
    if (!absl::SimpleAtod(cpus, &number) || !(number > 0 && number < 1e6)) {
      return BadOrder("flavor cpus", "a number of CPUs, as 1.5", cpus);
    }
    amounts["cpu"] = cpus;
  }
  if (!amounts.empty()) container["resources"] = {{"requests", amounts}, {"limits", amounts}};
  return absl::OkStatus();
}

// Runs the pod as that user and no other, as clusters want it that enforce the standard
// "restricted". "0" is root, which they refuse.
absl::Status SetUser(const Properties& meta, Json& spec, Json& container) {
  const std::string user = meta.count(kUserMeta) > 0 ? meta.at(kUserMeta) : kMysqlUser;
  uint32_t id = 0;
  if (!absl::SimpleAtoi(user, &id)) {
    return BadOrder(absl::StrCat("meta ", kUserMeta), "the number of a user", user);
  }
  if (id == 0) return absl::OkStatus();
  spec["securityContext"] = {{"runAsNonRoot", true},
                             {"runAsUser", id},
                             {"runAsGroup", id},
                             {"fsGroup", id},
                             {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  container["securityContext"] = {{"allowPrivilegeEscalation", false},
                                  {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  return absl::OkStatus();
}

// Sets what of `meta` shapes the container, and returns the rest.
absl::StatusOr<Properties> ApplyMeta(const Properties& meta, Json& container) {
  Properties rest;
  for (const auto& [key, value] : meta) {
    const std::string field = absl::StrCat("meta ", key);
    if (key == "command" || key == "entrypoint") {
      WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> words, ShellWords(field, value));
      container[key == "command" ? "args" : "command"] = words;
    } else if (key == "environment") {
      WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> words, ShellWords(field, value));
      for (const std::string& word : words) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos) return BadOrder(field, "NAME=VALUE", word);
        container["env"].push_back(
            {{"name", word.substr(0, equals)}, {"value", word.substr(equals + 1)}});
      }
    } else if (key == kUserMeta) {
      continue;  // SetUser
    } else {
      rest.emplace(key, value);
    }
  }
  return rest;
}

absl::StatusOr<Json> PodSpec(const MachineOrder& order, const std::string& image,
                             const Settings& settings, Properties& labels) {
  Json container = {{"name", "mysql"},
                    {"image", image},
                    {"ports", {{{"name", "mysql"}, {"containerPort", kMysqlPort}}}},
                    // A folder below the volume's own, in which a file system has its lost+found.
                    {"volumeMounts",
                     {{{"name", "data"}, {"mountPath", settings.data_dir}, {"subPath", "mysql"}}}}};
  const std::string name = MachineName(order.uuid);
  Json volumes = {{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", name}}}}};
  if (!order.user_data.empty()) {
    container["volumeMounts"].push_back({{"name", "user-data"}, {"mountPath", kUserDataFolder}});
    volumes.push_back({{"name", "user-data"}, {"secret", {{"secretName", name}}}});
  }
  WEFT_RETURN_IF_ERROR(SetResources(order.flavor, container));
  WEFT_ASSIGN_OR_RETURN(labels, ApplyMeta(order.meta, container));
  Json spec = {{"volumes", volumes}};
  WEFT_RETURN_IF_ERROR(SetUser(order.meta, spec, container));
  spec["containers"] = Json::array({container});
  Json nodes = order.scheduler_hints;
  if (!order.availability_zone.empty()) nodes[kZoneLabel] = order.availability_zone;
  if (!nodes.empty()) spec["nodeSelector"] = nodes;
  return spec;
}

Json ServiceOf(const MachineOrder& order, const Settings& settings) {
  Json spec = {{"selector", {{kMachineLabel, order.uuid}}},
               {"publishNotReadyAddresses", true},
               {"ports", {{{"name", "mysql"}, {"port", kMysqlPort}, {"targetPort", kMysqlPort}}}}};
  if (!order.public_network.empty()) {
    spec["type"] = "LoadBalancer";
    if (order.public_network != kClusterLoadBalancer) {
      spec["loadBalancerClass"] = order.public_network;
    }
  }
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", MetaData(MachineName(order.uuid), order.uuid, settings)},
          {"spec", spec}};
}

absl::StatusOr<Json> ClaimOf(const MachineOrder& order, const Settings& settings) {
  int64_t bytes = settings.storage_bytes;
  if (const std::string storage = Value(order.flavor, "storage"); !storage.empty()) {
    WEFT_ASSIGN_OR_RETURN(bytes, Bytes("flavor storage", storage));
  }
  Json spec = {{"accessModes", {"ReadWriteOnce"}},
               {"resources", {{"requests", {{"storage", absl::StrCat(bytes)}}}}}};
  if (!settings.storage_class.empty()) spec["storageClassName"] = settings.storage_class;
  return Json{{"apiVersion", "v1"},
              {"kind", "PersistentVolumeClaim"},
              {"metadata", MetaData(MachineName(order.uuid), order.uuid, settings)},
              {"spec", spec}};
}

Json SecretOf(const MachineOrder& order, const Settings& settings) {
  if (order.user_data.empty()) return {};
  const std::string file =
      absl::StartsWith(order.user_data, "#!") ? "user-data.sh" : "user-data.sql";
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", MetaData(MachineName(order.uuid), order.uuid, settings)},
          {"type", "Opaque"},
          {"data", {{file, absl::Base64Escape(order.user_data)}}}};
}

const Json& First(const Json& list) {
  static const Json& nothing = *new Json();
  return list.is_array() && !list.empty() ? list.front() : nothing;
}

std::string Condition(const Json& pod, absl::string_view type) {
  const Json& conditions = At(pod, {"status", "conditions"});
  if (!conditions.is_array()) return "";
  for (const Json& condition : conditions) {
    if (TextAt(condition, {"type"}) == type && TextAt(condition, {"status"}) == "False") {
      return TextAt(condition, {"message"});
    }
  }
  return "";
}

std::pair<MachineState, std::string> StateOf(const Json& pod) {
  static const auto& hopeless = *new std::set<std::string>{
      "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError",
      "ErrImagePull",     "ImagePullBackOff",           "InvalidImageName"};
  const Json& container = First(At(pod, {"status", "containerStatuses"}));
  for (const Json* each : {&First(At(pod, {"status", "initContainerStatuses"})), &container}) {
    const std::string waiting = TextAt(*each, {"state", "waiting", "reason"});
    const std::string message = TextAt(*each, {"state", "waiting", "message"});
    if (hopeless.contains(waiting)) {
      return {MachineState::kFailed, absl::StrCat(waiting, ": ", message)};
    }
  }
  if (TextAt(pod, {"status", "phase"}) == "Failed") {
    return {MachineState::kFailed, absl::StrCat(TextAt(pod, {"status", "reason"}), ": ",
                                                TextAt(pod, {"status", "message"}))};
  }
  if (TrueAt(container, {"ready"}) && At(pod, {"metadata", "deletionTimestamp"}).is_null()) {
    return {MachineState::kRunning, ""};
  }
  return {MachineState::kPending, Condition(pod, "PodScheduled")};
}

void AddAddresses(const Json& service, const Settings& settings, Machine& machine) {
  if (service.is_null()) return;
  const Json& ingress = First(At(service, {"status", "loadBalancer", "ingress"}));
  const std::string ip = TextAt(ingress, {"ip"});
  const std::string outside = ip.empty() ? TextAt(ingress, {"hostname"}) : ip;
  if (!outside.empty()) machine.addresses.push_back({"loadbalancer", outside, kMysqlPort, true});
  std::string inside = absl::StrCat(MachineName(machine.uuid), ".", settings.name_space, ".svc");
  if (!settings.cluster_domain.empty()) absl::StrAppend(&inside, ".", settings.cluster_domain);
  machine.addresses.push_back({settings.name_space, inside, kMysqlPort, false});
}

}  // namespace

absl::StatusOr<Objects> ObjectsOf(const MachineOrder& order, const std::string& image,
                                  const Settings& settings) {
  WEFT_RETURN_IF_ERROR(CheckKeys("flavor", order.flavor, {"name", "memory", "cpus", "storage"}));
  Properties labels;
  WEFT_ASSIGN_OR_RETURN(const Json pod, PodSpec(order, image, settings, labels));
  const std::string name = MachineName(order.uuid);
  Json metadata = MetaData(name, order.uuid, settings);
  metadata["annotations"][kMetaNote] = Written(labels);
  const Json own = {{kManagedBy, "weft"}, {kMachineLabel, order.uuid}};
  Objects objects;
  objects.stateful_set = {{"apiVersion", "apps/v1"},
                          {"kind", "StatefulSet"},
                          {"metadata", metadata},
                          {"spec",
                           {{"replicas", 1},
                            {"serviceName", name},
                            {"selector", {{"matchLabels", {{kMachineLabel, order.uuid}}}}},
                            {"template", {{"metadata", {{"labels", own}}}, {"spec", pod}}}}}};
  WEFT_ASSIGN_OR_RETURN(objects.claim, ClaimOf(order, settings));
  objects.service = ServiceOf(order, settings);
  objects.secret = SecretOf(order, settings);
  return objects;
}

Json PodOf(const Json& stateful_set) {
  Json pod = At(stateful_set, {"spec", "template"});
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  pod["metadata"]["name"] = absl::StrCat(TextAt(stateful_set, {"metadata", "name"}), "-0");
  pod["metadata"]["namespace"] = TextAt(stateful_set, {"metadata", "namespace"});
  return pod;
}

void FillFrom(const std::string& snapshot, uint64_t bytes, Json& claim) {
  Json& spec = claim["spec"];
  spec["dataSource"] = {
      {"apiGroup", "snapshot.storage.k8s.io"}, {"kind", "VolumeSnapshot"}, {"name", snapshot}};
  Json& storage = spec["resources"]["requests"]["storage"];
  storage = absl::StrCat(std::max(bytes, QuantityBytes(storage.get<std::string>())));
}

void SetOwner(const std::string& stateful_set_uid, const std::string& name, Json& object) {
  object["metadata"]["ownerReferences"] = {{{"apiVersion", "apps/v1"},
                                            {"kind", "StatefulSet"},
                                            {"name", name},
                                            {"uid", stateful_set_uid}}};
}

Json SnapshotOf(const std::string& name, const std::string& uuid, const Settings& settings) {
  Json spec = {{"source", {{"persistentVolumeClaimName", MachineName(uuid)}}}};
  if (!settings.snapshot_class.empty()) spec["volumeSnapshotClassName"] = settings.snapshot_class;
  return {{"apiVersion", "snapshot.storage.k8s.io/v1"},
          {"kind", "VolumeSnapshot"},
          {"metadata", MetaData(name, uuid, settings)},
          {"spec", spec}};
}

absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& object) {
  MachineSnapshot snapshot;
  snapshot.name = TextAt(object, {"metadata", "name"});
  snapshot.native_id = TextAt(object, {"metadata", "uid"});
  snapshot.machine_uuid = TextAt(object, {"metadata", "labels", kMachineLabel});
  int64_t seconds = 0;
  if (snapshot.native_id.empty() || snapshot.machine_uuid.empty() ||
      !absl::SimpleAtoi(snapshot.name.substr(snapshot.name.rfind('-') + 1), &seconds)) {
    return absl::InternalError("a VolumeSnapshot of Weft with uid and labels");
  }
  snapshot.created = absl::FromUnixSeconds(seconds);
  snapshot.bytes = QuantityBytes(TextAt(object, {"status", "restoreSize"}));
  return snapshot;
}

absl::StatusOr<Machine> MachineOf(const Json& stateful_set, const Json& pod, const Json& service,
                                  const Settings& settings) {
  Machine machine;
  machine.uuid = TextAt(stateful_set, {"metadata", "labels", kMachineLabel});
  machine.native_id = TextAt(stateful_set, {"metadata", "uid"});
  if (machine.uuid.empty() || machine.native_id.empty()) {
    return absl::InternalError("a StatefulSet of Weft with uid and labels");
  }
  machine.provider_id = settings.provider_id;
  machine.zone = TextAt(stateful_set, {"spec", "template", "spec", "nodeSelector", kZoneLabel});
  machine.host = TextAt(pod, {"spec", "nodeName"});
  std::tie(machine.state, machine.detail) = StateOf(pod);
  AddAddresses(service, settings, machine);
  const std::string meta = TextAt(stateful_set, {"metadata", "annotations", kMetaNote});
  const Json parsed = Json::parse(meta, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_object()) {
    for (const auto& [key, value] : parsed.items()) machine.meta[key] = TextAt(parsed, {key});
  }
  return machine;
}

Properties GenericOf(const Json& stateful_set, const Json& pod) {
  const Json& containers = At(stateful_set, {"spec", "template", "spec", "containers"});
  return {{"name", TextAt(stateful_set, {"metadata", "name"})},
          {"status", TextAt(pod, {"status", "phase"})},
          {"node", TextAt(pod, {"spec", "nodeName"})},
          {"image", TextAt(First(containers), {"image"})}};
}

std::string ProviderOf(const Json& object) {
  return TextAt(object, {"metadata", "annotations", kProviderNote});
}

uint64_t QuantityBytes(absl::string_view text) {
  const size_t unit_at = text.find_first_not_of("0123456789.");
  const absl::string_view unit = unit_at == text.npos ? "" : text.substr(unit_at);
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, unit_at), &number) || number < 0) return 0;
  constexpr absl::string_view kPrefixes = "kMGTP";
  if (!unit.empty()) {
    const size_t power = kPrefixes.find(unit[0] == 'K' ? 'k' : unit[0]);
    if (power == kPrefixes.npos || unit.size() > 2 || (unit.size() == 2 && unit[1] != 'i'))
      return 0;
    for (size_t i = 0; i <= power; ++i) number *= unit.size() == 2 ? 1024 : 1000;
  }
  return number > 9e18 ? 0 : static_cast<uint64_t>(number);
}

}  // namespace weft::provisioner::kubernetes
