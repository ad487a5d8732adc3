#pragma once
// Between orders and machines on the one side, and Kubernetes' objects on the other. Pure.
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::kubernetes {

inline constexpr char kManagedBy[] = "app.kubernetes.io/managed-by";  // "weft"
inline constexpr char kMachineLabel[] = "weft/machine";               // the uuid
inline constexpr char kProviderNote[] = "weft/provider";  // an annotation: any text may be an id
inline constexpr char kMetaNote[] = "weft/meta";          // an annotation: JSON
inline constexpr int kMysqlPort = 3306;

// What a provider's record says of objects.
struct Settings {
  std::string provider_id;
  std::string name_space = "default";
  std::string cluster_domain;  // empty: names end with ".svc"
  std::string storage_class;   // empty: the cluster's own
  std::string snapshot_class;
  int64_t storage_bytes = 10LL << 30;  // where an order names none
  std::string data_dir = "/var/lib/mysql";
};

// The objects of one machine, as they are applied. All but the first belong to it (ownerReferences)
// and end with it, once its uid is known.
struct Objects {
  Json stateful_set;
  Json claim;  // PersistentVolumeClaim
  Json service;
  Json secret;  // null: no user data
};

// BAD_ORDER.
absl::StatusOr<Objects> ObjectsOf(const MachineOrder& order, const std::string& image,
                                  const Settings& settings);
// The pod that the StatefulSet will make.
Json PodOf(const Json& stateful_set);
// Fills the claim from a snapshot, which needs room for `bytes`.
void FillFrom(const std::string& snapshot, uint64_t bytes, Json& claim);
void SetOwner(const std::string& stateful_set_uid, const std::string& name, Json& object);

// VolumeSnapshot of a machine's claim, and what it is once it has been made.
Json SnapshotOf(const std::string& name, const std::string& uuid, const Settings& settings);
// An INTERNAL error without a reason where it is none of Weft's.
absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& object);

// `pod` and `service` may be null: not there (yet). An INTERNAL error without a reason where the
// StatefulSet is none of Weft's.
absl::StatusOr<Machine> MachineOf(const Json& stateful_set, const Json& pod, const Json& service,
                                  const Settings& settings);
// By which Search finds: name, status (of the pod), node, image.
Properties GenericOf(const Json& stateful_set, const Json& pod);
// Whose provider made it.
std::string ProviderOf(const Json& object);

// "10Gi", "1500M", "1024": bytes; 0 for what is no quantity.
uint64_t QuantityBytes(absl::string_view text);

}  // namespace weft::provisioner::kubernetes
