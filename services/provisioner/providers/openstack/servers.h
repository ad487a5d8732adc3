#pragma once
// Between orders and machines on the one side, and the JSON of Nova and Glance on the other. Pure.
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::openstack {

// Metadata of servers.
inline constexpr char kUuidKey[] = "weft-uuid";
inline constexpr char kProviderKey[] = "weft-provider";
// Properties of images: those of a snapshot.
inline constexpr char kSnapshotProperty[] = "weft_snapshot";  // "True"
inline constexpr char kMachineProperty[] = "weft_machine";
inline constexpr char kSnapshotProviderProperty[] = "weft_provider";

// What the names of an order were found to be.
struct Found {
  std::string image_id;
  std::string flavor_id;
  std::vector<std::string> network_ids;
};

// The body of POST /servers. BAD_ORDER for a swap that is no number of MiB.
absl::StatusOr<Json> ServerOf(const MachineOrder& order, const Found& found,
                              const std::string& provider_id);

// Whether a flavor or an image (as listed) has these properties. Numbers are compared as such.
bool FlavorMatches(const Json& flavor, const Properties& wanted);
bool ImageMatches(const Json& image, const Properties& wanted);

// Whether it was deleted, though Nova may still show it and an administrator bring it back.
bool IsDeleted(const Json& server);
// Whether Weft made the server for this provider, and has not deleted it.
bool IsOurs(const Json& server, const std::string& provider_id);
// An INTERNAL error without a reason where it is no server.
absl::StatusOr<Machine> MachineOf(const Json& server, const std::string& provider_id);
// By which Search finds: name, id, status.
Properties GenericOf(const Json& server);

bool IsSnapshot(const Json& image, const std::string& provider_id);
absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& image);

}  // namespace weft::provisioner::openstack
