#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace weft::provisioner {

// Key and value pairs, as the wire has them ("k=v").
using Properties = std::map<std::string, std::string>;

// One machine to be made. What a provider has no use for it ignores where the comment says so, and
// refuses by name otherwise.
struct MachineOrder {
  // Given by who asks, before anything is made: a repeated create finds the machine of the first.
  std::string uuid;
  // By which an image and a size are searched for; "name" alone is the common case. A provider's
  // comment says which keys it knows; INVALID_ARGUMENT for others.
  Properties image;
  Properties flavor;
  std::string availability_zone;  // empty: the provider chooses
  std::string key_name;
  std::vector<std::string> security_groups;
  std::vector<std::string> private_networks;  // labels
  std::string public_network;                 // pool of addresses that are reached from outside
  std::string user_data;                      // content, not a path
  std::string swap;
  Properties scheduler_hints;
  // Kept with the machine where the provider can (labels, metadata); searched for by Search. Weft's
  // own keys begin with "mysql-fabric".
  Properties meta;
  friend bool operator==(const MachineOrder&, const MachineOrder&) = default;
};

struct MachineAddress {
  std::string network;  // label
  std::string host;
  int port = 0;  // 0: the machine is an own host, MySQL listens at its own port (HostPortOf)
  bool is_public = false;
  friend bool operator==(const MachineAddress&, const MachineAddress&) = default;
};

enum class MachineState { kPending, kRunning, kStopped, kFailed };

// A machine as its provider has it.
struct Machine {
  std::string uuid;         // of the order
  std::string provider_id;  // the registered provider's name
  std::string native_id;    // what the provider calls it: container id, server id, pod name, ...
  std::string zone;
  std::string host;  // that carries it; empty where that is not known
  std::vector<MachineAddress> addresses;
  MachineState state = MachineState::kPending;
  std::string detail;  // why it failed, for people
  Properties meta;
  friend bool operator==(const Machine&, const Machine&) = default;
};

struct MachineSnapshot {
  std::string name;  // "snapshot-<machine uuid>-<unix seconds>"
  std::string machine_uuid;
  std::string native_id;
  absl::Time created;
  uint64_t bytes = 0;  // 0: not known
  friend bool operator==(const MachineSnapshot&, const MachineSnapshot&) = default;
};

// How long a call that moves all data of a machine may go on.
struct CopyTerms {
  Deadline deadline;
  // Whether somebody asked for its end; thread-safe, and asked a few times a second at least, so it
  // should not block. Empty: nobody does.
  std::function<bool()> cancelled = nullptr;
  // Whether another goes on with this call's work, or will; as `cancelled`. Then the call ends
  // soon (ABORTED or CANCELLED) and leaves what it began as it is. Empty: nobody does.
  std::function<bool()> lost = nullptr;

  bool Cancelled() const { return cancelled && cancelled(); }
  bool Lost() const { return lost && lost(); }
};

// A place that machines come from: this machine's processes, a Docker engine, a Kubernetes cluster,
// an OpenStack cloud. Thread-safe. Each call blocks, ends by its deadline (DEADLINE_EXCEEDED) and
// may be repeated. Errors, alike for all: UNAVAILABLE PROVIDER_UNREACHABLE (nobody answers, or with
// 5xx); UNAUTHENTICATED PROVIDER_REFUSES_CREDENTIALS; RESOURCE_EXHAUSTED PROVIDER_QUOTA;
// NOT_FOUND MACHINE_UNKNOWN, IMAGE_UNKNOWN, FLAVOR_UNKNOWN, SNAPSHOT_UNKNOWN; INTERNAL
// PROVIDER_GARBAGE (an answer that is not what its interface says, quoted in part);
// UNIMPLEMENTED NOT_OFFERED. No error or log holds a credential.
class Provider {
 public:
  virtual ~Provider() = default;

  // Whether a server stands behind the addresses of its machines. Where none does nobody waits for
  // one.
  virtual bool has_servers() const { return true; }

  // Whether it answers and lets the credentials in.
  virtual absl::Status Check(const Deadline& deadline) = 0;

  // Asks for the machine, and returns it as it then is: it may still be pending. Where a machine of
  // that uuid exists it is returned instead. After an error, or a deadline, one may have been made:
  // ask Search, or Destroy it.
  virtual absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) = 0;
  // As it is now.
  virtual absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline& deadline) = 0;
  // All that Weft made here whose own properties hold all of `generic` (the provider's keys:
  // "name", "status", ...) and whose meta hold all of `meta`. Ordered by uuid.
  virtual absl::StatusOr<std::vector<Machine>> Search(const Properties& generic,
                                                      const Properties& meta,
                                                      const Deadline& deadline) = 0;
  // Removes it with its data. OK where there is none.
  virtual absl::Status Destroy(const std::string& uuid, const Deadline& deadline) = 0;

  // Of the machine's data as they are: consistent as after a crash, or better. `name`: as
  // SnapshotName makes them; a repeated call gives the one of that name, and waits for it where the
  // provider is still at it. CANCELLED soon after its end was asked for; then, and after an error
  // by which the provider says that it failed, nothing of it stays. What another goes on with
  // (terms.lost), and what nobody knows the state of (UNAVAILABLE), is left: it may come to be. The
  // machine goes on in any case.
  virtual absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid,
                                                         const std::string& name,
                                                         const CopyTerms& terms) = 0;
  // Those of the machine; of all for an empty uuid. Oldest first.
  virtual absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                                     const Deadline& deadline) = 0;
  // OK where there is none.
  virtual absl::Status DestroySnapshot(const std::string& name, const Deadline& deadline) = 0;
  // A new machine with the snapshot's data. As Create; CANCELLED soon after its end was asked for.
  virtual absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                          const CopyTerms& terms) = 0;
};

// How a provider is reached, as it was registered.
struct ProviderRecord {
  std::string id;
  std::string type;  // "local", "docker", "kubernetes", "openstack", "null"
  std::string url;
  std::string user;
  std::string password;  // a secret: encrypted in the store, never shown, logged or sent back
  std::string tenant;
  std::string default_image;  // name; empty: an order must name one where the type needs it
  std::string default_flavor;
  Properties extra;  // what else the type knows: "ca_file", "namespace", "region_name", ...
  friend bool operator==(const ProviderRecord&, const ProviderRecord&) = default;
};

}  // namespace weft::provisioner
