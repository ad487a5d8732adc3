#include "services/provisioner/providers/openstack/servers.h"

#include <map>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner::openstack {
namespace {

// The order's image, and a disk for the swap, as Nova wants both once it is told of one.
absl::StatusOr<Json> DisksWithSwap(const std::string& image_id, const std::string& swap) {
  int mebibytes = 0;
  if (!absl::SimpleAtoi(swap, &mebibytes) || mebibytes < 1) {
    return BadOrder("swap", "a number of MiB", swap);
  }
  return Json{{{"boot_index", 0},
               {"uuid", image_id},
               {"source_type", "image"},
               {"destination_type", "local"},
               {"delete_on_termination", true}},
              {{"boot_index", -1},
               {"source_type", "blank"},
               {"destination_type", "local"},
               {"guest_format", "swap"},
               {"volume_size", mebibytes},
               {"delete_on_termination", true}}};
}

// Texts as they are, numbers by their value: "4" is 4 and 4.0.
bool IsValue(const Json& value, const std::string& wanted) {
  if (value.is_string()) return value.get<std::string>() == wanted;
  double number = 0;
  return value.is_number() && absl::SimpleAtod(wanted, &number) && value.get<double>() == number;
}

bool Matches(const Json& item, const Properties& wanted) {
  for (const auto& [key, value] : wanted) {
    if (!IsValue(At(item, {key}), value)) return false;
  }
  return true;
}

MachineState StateOf(const std::string& status) {
  static const auto& states =
      *new std::map<std::string, MachineState>{{"ACTIVE", MachineState::kRunning},
                                               {"PASSWORD", MachineState::kRunning},
                                               {"ERROR", MachineState::kFailed},
                                               {"SHUTOFF", MachineState::kStopped},
                                               {"PAUSED", MachineState::kStopped},
                                               {"SUSPENDED", MachineState::kStopped},
                                               {"RESCUE", MachineState::kStopped},
                                               {"SHELVED", MachineState::kStopped},
                                               {"SHELVED_OFFLOADED", MachineState::kStopped}};
  const auto known = states.find(status);
  return known == states.end() ? MachineState::kPending : known->second;
}

}  // namespace

absl::StatusOr<Json> ServerOf(const MachineOrder& order, const Found& found,
                              const std::string& provider_id) {
  Json server = {{"name", MachineName(order.uuid)},
                 {"imageRef", found.image_id},
                 {"flavorRef", found.flavor_id},
                 {"metadata", order.meta}};
  server["metadata"][kUuidKey] = order.uuid;
  server["metadata"][kProviderKey] = provider_id;
  if (!order.availability_zone.empty()) server["availability_zone"] = order.availability_zone;
  if (!order.key_name.empty()) server["key_name"] = order.key_name;
  if (!order.user_data.empty()) server["user_data"] = absl::Base64Escape(order.user_data);
  for (const std::string& group : order.security_groups) {
    server["security_groups"].push_back({{"name", group}});
  }
  for (const std::string& id : found.network_ids) server["networks"].push_back({{"uuid", id}});
  if (!order.swap.empty()) {
    const auto disks = DisksWithSwap(found.image_id, order.swap);
    if (!disks.ok()) return disks.status();
    server["block_device_mapping_v2"] = *disks;
  }
  Json body = {{"server", server}};
  if (!order.scheduler_hints.empty()) body["os:scheduler_hints"] = order.scheduler_hints;
  return body;
}

bool FlavorMatches(const Json& flavor, const Properties& wanted) { return Matches(flavor, wanted); }

bool ImageMatches(const Json& image, const Properties& wanted) {
  static const auto& names =
      *new std::map<std::string, std::string>{{"mindisk", "min_disk"}, {"minram", "min_ram"}};
  Properties translated;
  for (const auto& [key, value] : wanted) {
    const auto other = names.find(key);
    translated[other == names.end() ? key : other->second] = value;
  }
  // What is still being uploaded starts nothing.
  translated.emplace("status", "active");
  return Matches(image, translated);
}

bool IsDeleted(const Json& server) {
  const std::string status = TextAt(server, {"status"});
  return status == "DELETED" || status == "SOFT_DELETED";
}

bool IsOurs(const Json& server, const std::string& provider_id) {
  return TextAt(server, {"metadata", kProviderKey}) == provider_id &&
         !TextAt(server, {"metadata", kUuidKey}).empty() && !IsDeleted(server);
}

absl::StatusOr<Machine> MachineOf(const Json& server, const std::string& provider_id) {
  Machine machine;
  machine.uuid = TextAt(server, {"metadata", kUuidKey});
  machine.native_id = TextAt(server, {"id"});
  const std::string status = TextAt(server, {"status"});
  if (machine.native_id.empty() || status.empty()) {
    return absl::InternalError("a server with id and status");
  }
  machine.provider_id = provider_id;
  machine.zone = TextAt(server, {"OS-EXT-AZ:availability_zone"});
  machine.host = TextAt(server, {"OS-EXT-SRV-ATTR:host"});
  machine.state = StateOf(status);
  if (machine.state == MachineState::kFailed) {
    machine.detail = TextAt(server, {"fault", "message"});
  }
  const Json& networks = At(server, {"addresses"});
  for (const auto& network : networks.items()) {
    if (!network.value().is_array()) continue;
    for (const Json& address : network.value()) {
      const bool is_public = TextAt(address, {"OS-EXT-IPS:type"}) == "floating";
      machine.addresses.push_back({network.key(), TextAt(address, {"addr"}), 0, is_public});
    }
  }
  for (const auto& pair : At(server, {"metadata"}).items()) {
    if (pair.key() == kUuidKey || pair.key() == kProviderKey || !pair.value().is_string()) continue;
    machine.meta[pair.key()] = pair.value().get<std::string>();
  }
  return machine;
}

Properties GenericOf(const Json& server) {
  return {{"name", TextAt(server, {"name"})},
          {"id", TextAt(server, {"id"})},
          {"status", TextAt(server, {"status"})}};
}

bool IsSnapshot(const Json& image, const std::string& provider_id) {
  return TextAt(image, {kSnapshotProperty}) == "True" &&
         TextAt(image, {kSnapshotProviderProperty}) == provider_id;
}

absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& image) {
  MachineSnapshot snapshot;
  snapshot.name = TextAt(image, {"name"});
  snapshot.native_id = TextAt(image, {"id"});
  snapshot.machine_uuid = TextAt(image, {kMachineProperty});
  int64_t seconds = 0;
  if (snapshot.native_id.empty() || snapshot.machine_uuid.empty() ||
      !absl::SimpleAtoi(snapshot.name.substr(snapshot.name.rfind('-') + 1), &seconds)) {
    return absl::InternalError("an image of Weft's with id, name and properties");
  }
  snapshot.created = absl::FromUnixSeconds(seconds);
  snapshot.bytes = static_cast<uint64_t>(NumberAt(image, {"size"}));
  return snapshot;
}

}  // namespace weft::provisioner::openstack
