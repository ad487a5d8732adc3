#include "services/provisioner/providers/docker/container.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/provisioner/providers/docker/shape.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner::docker {
namespace {

// A container that was restarted so often without staying up is given up.
constexpr int64_t kRestartsOfTheFailed = 3;

std::pair<MachineState, std::string> StateOf(const Json& inspected) {
  const Json& state = At(inspected, {"State"});
  const std::string status = TextAt(state, {"Status"});
  const int64_t code = NumberAt(state, {"ExitCode"});
  std::string detail = absl::StrCat("exit code ", code);
  if (TrueAt(state, {"OOMKilled"})) absl::StrAppend(&detail, ", out of memory");
  const std::string error = TextAt(state, {"Error"});
  if (!error.empty()) absl::StrAppend(&detail, ", ", error);
  if (status == "running") return {MachineState::kRunning, ""};
  if (status == "paused" || status == "removing") return {MachineState::kStopped, status};
  if (status == "exited" || status == "dead") {
    return {code == 0 ? MachineState::kStopped : MachineState::kFailed, detail};
  }
  if (status == "restarting" && NumberAt(inspected, {"RestartCount"}) >= kRestartsOfTheFailed) {
    return {MachineState::kFailed, absl::StrCat("does not stay up: ", detail)};
  }
  return {MachineState::kPending, error.empty() ? "" : detail};
}

bool IsAnyAddress(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

void AddPublished(const Json& bindings, const Settings& settings, Machine& machine) {
  if (!bindings.is_array()) return;
  for (const Json& binding : bindings) {
    int port = 0;
    if (!absl::SimpleAtoi(TextAt(binding, {"HostPort"}), &port)) continue;
    const std::string host = TextAt(binding, {"HostIp"});
    const MachineAddress address{"published", IsAnyAddress(host) ? settings.engine_host : host,
                                 port, true};
    // Once for IPv4 and once for IPv6.
    if (machine.addresses.empty() || machine.addresses.back() != address) {
      machine.addresses.push_back(address);
    }
  }
}

}  // namespace

bool IsPublished(const MachineOrder& order, const Settings& settings) {
  return !order.public_network.empty() || !settings.publish.empty();
}

int PublishedPort(const MachineOrder& order, const Settings& settings, int attempt) {
  uint32_t spread = 0;
  for (const unsigned char c : order.uuid) spread = spread * 31 + c;
  const uint32_t ports = static_cast<uint32_t>(settings.last_port - settings.first_port + 1);
  return settings.first_port + static_cast<int>((spread + static_cast<uint32_t>(attempt)) % ports);
}

absl::StatusOr<Json> ContainerOf(const MachineOrder& order, const Settings& settings, int attempt) {
  Json container = Json::object();
  WEFT_RETURN_IF_ERROR(ApplyFlavor(order.flavor, container));
  WEFT_ASSIGN_OR_RETURN(const Properties labels, ApplyMeta(order.meta, container));
  container["Labels"] = {{kMachineLabel, order.uuid}, {kProviderLabel, settings.provider_id}};
  for (const auto& [key, value] : labels) {
    container["Labels"][absl::StrCat(kMetaPrefix, key)] = value;
  }
  const std::string& address =
      order.public_network.empty() ? settings.publish : order.public_network;
  if (IsPublished(order, settings)) {
    WEFT_RETURN_IF_ERROR(Publish(address, absl::StrCat(PublishedPort(order, settings, attempt)),
                                 absl::StrCat(settings.mysql_port), container));
  }
  Json& host = container["HostConfig"];
  host["Mounts"] = Json::array(
      {{{"Type", "volume"}, {"Source", MachineName(order.uuid)}, {"Target", settings.data_dir}}});
  host["RestartPolicy"] = {{"Name", "unless-stopped"}};
  if (!order.private_networks.empty()) host["NetworkMode"] = order.private_networks.front();
  return container;
}

Json EmptyVolume(const std::string& volume, const std::string& folder) {
  return {{"Type", "volume"},
          {"Source", volume},
          {"Target", folder},
          {"VolumeOptions", {{"NoCopy", true}}}};
}

absl::StatusOr<Machine> MachineOf(const Json& inspected, const Settings& settings) {
  Machine machine;
  machine.native_id = TextAt(inspected, {"Id"});
  const Json& labels = At(inspected, {"Config", "Labels"});
  machine.uuid = TextAt(labels, {kMachineLabel});
  if (machine.native_id.empty() || machine.uuid.empty() ||
      TextAt(inspected, {"State", "Status"}).empty()) {
    return absl::InternalError("a container of Weft with Id, State and Labels");
  }
  machine.provider_id = settings.provider_id;
  machine.host = settings.engine_host;
  std::tie(machine.state, machine.detail) = StateOf(inspected);
  const Json& ports = At(inspected, {"NetworkSettings", "Ports"});
  AddPublished(At(ports, {absl::StrCat(settings.mysql_port, "/tcp")}), settings, machine);
  const Json& networks = At(inspected, {"NetworkSettings", "Networks"});
  for (const auto& [label, network] : networks.items()) {
    const std::string host = TextAt(network, {"IPAddress"});
    if (!host.empty()) machine.addresses.push_back({label, host, settings.mysql_port, false});
  }
  for (const auto& [key, value] : labels.items()) {
    absl::string_view name = key;
    if (absl::ConsumePrefix(&name, kMetaPrefix) && value.is_string()) {
      machine.meta.emplace(name, value.get<std::string>());
    }
  }
  return machine;
}

Properties GenericOf(const Json& inspected) {
  const std::string name = TextAt(inspected, {"Name"});
  return {{"name", std::string(absl::StripPrefix(name, "/"))},
          {"id", TextAt(inspected, {"Id"})},
          {"image", TextAt(inspected, {"Config", "Image"})},
          {"status", TextAt(inspected, {"State", "Status"})}};
}

}  // namespace weft::provisioner::docker
