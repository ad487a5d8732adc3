#pragma once
// What is asked for of machines and snapshots, as jobs keep it: JSON, so that whoever resumes a job
// begins from the same. Pure.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// The kinds of jobs.
inline constexpr char kCreateMachines[] = "create-machines";
inline constexpr char kDestroyMachine[] = "destroy-machine";
inline constexpr char kCreateSnapshot[] = "create-snapshot";
inline constexpr char kDestroySnapshots[] = "destroy-snapshots";
inline constexpr char kRestoreSnapshot[] = "restore-snapshot";

// Also of a restore: then with the snapshot's name, and one order.
struct CreateWish {
  std::string provider;
  std::string snapshot;
  std::vector<MachineOrder> orders;  // user_data sealed (ProviderDirectory::CloseSecret)
  bool unlisted = false;
  bool wait = true;
  absl::Duration reach_timeout = absl::Minutes(10);
};

struct DestroyWish {
  std::string provider;
  std::string machine;
  bool force = false;
};

struct SnapshotWish {
  std::string provider;
  std::string machine;             // to be copied; or all of whose snapshots go
  std::vector<std::string> names;  // to be destroyed; none: all of the machine
  int keep = 0;
  bool unlisted = false;
};

std::string ToJson(const CreateWish& wish);
std::string ToJson(const DestroyWish& wish);
std::string ToJson(const SnapshotWish& wish);
// What a job keeps of the snapshot that it has made; of one that it begins, without a native_id.
std::string NotesOf(const MachineSnapshot& snapshot);

// DATA_LOSS: it is no such JSON.
absl::StatusOr<CreateWish> ParseCreateWish(const std::string& json);
absl::StatusOr<DestroyWish> ParseDestroyWish(const std::string& json);
absl::StatusOr<SnapshotWish> ParseSnapshotWish(const std::string& json);
// nullopt where none was kept.
std::optional<MachineSnapshot> ParseSnapshotNotes(const std::string& json);

// --- results, for people and programs.

// {"machines": [{"uuid", "provider_id", "av_zone", "addresses": [{"network", "host", "port"}]}]}
std::string MachinesResult(const std::vector<Machine>& machines);
// {"machine": uuid}
std::string DestroyResult(const DestroyWish& wish, const absl::Status& ignored);
// {"snapshot": name, "bytes": n, "destroyed": [names]}
std::string SnapshotResult(const MachineSnapshot& snapshot,
                           const std::vector<std::string>& destroyed);
// {"destroyed": [names]}
std::string DestroyedResult(const std::vector<std::string>& names);

// The uuid of the `index`-th machine of a request: the same for the same, so that a repeated
// request is the same request.
std::string MachineUuidOf(const std::string& request_id, int index);

}  // namespace weft::provisioner
