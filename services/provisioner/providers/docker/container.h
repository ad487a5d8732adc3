#pragma once
// Between orders and machines on the one side, and the engine's JSON on the other. Pure.
#include <string>

#include "absl/status/statusor.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::docker {

// Labels of what Weft makes; those of an order's meta have the prefix.
inline constexpr char kMachineLabel[] = "weft.machine";    // the uuid
inline constexpr char kProviderLabel[] = "weft.provider";  // the provider's id
inline constexpr char kMetaPrefix[] = "weft.meta.";

// What a provider's record says of containers.
struct Settings {
  std::string provider_id;
  std::string engine_host;  // as clients reach it
  std::string publish;      // empty: nothing is published
  int first_port = 21000;   // of those that machines are published at
  int last_port = 25999;
  std::string data_dir = "/var/lib/mysql";
  int mysql_port = 3306;
};

// Whether an order's machine is published, and the port for it: the `attempt`th (from 0) of those
// that may be tried. Always the same, as one that the engine chooses is another after each restart.
bool IsPublished(const MachineOrder& order, const Settings& settings);
int PublishedPort(const MachineOrder& order, const Settings& settings, int attempt);

// The body of POST /containers/create, without "Image". BAD_ORDER.
absl::StatusOr<Json> ContainerOf(const MachineOrder& order, const Settings& settings,
                                 int attempt = 0);

// A member of HostConfig.Mounts: the volume, which stays empty until somebody writes there.
Json EmptyVolume(const std::string& volume, const std::string& folder);

// From GET /containers/ID/json. An INTERNAL error, without a reason, where that is not what it
// should be.
absl::StatusOr<Machine> MachineOf(const Json& inspected, const Settings& settings);

// By which Search finds: name, id, image, status.
Properties GenericOf(const Json& inspected);

}  // namespace weft::provisioner::docker
