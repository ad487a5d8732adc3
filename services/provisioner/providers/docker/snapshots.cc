#include "services/provisioner/providers/docker/snapshots.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner::docker {
namespace {

constexpr char kSnapshotLabel[] = "weft.snapshot";        // its name
constexpr char kSourceLabel[] = "weft.snapshot.machine";  // the machine's uuid
// In which a machine that stands still is let go on, and half a copy removed, whatever the time
// given was.
constexpr absl::Duration kCleanUpTime = absl::Seconds(30);

std::string Label(absl::string_view key, absl::string_view value) {
  return absl::StrCat(key, "=", value);
}

struct Whole {
  MachineSnapshot snapshot;
  Digest digest;
};

// A container's name "snapshot-<uuid>-<seconds>.<bytes>.<sha256>"; nullopt for another.
std::optional<Whole> ParseName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '.');
  Whole whole;
  int64_t seconds = 0;
  const size_t dash = parts[0].rfind('-');
  const absl::string_view stem = "snapshot-";
  if (parts.size() != 3 || !absl::StartsWith(parts[0], stem) || dash < stem.size() ||
      !absl::SimpleAtoi(parts[0].substr(dash + 1), &seconds) ||
      !absl::SimpleAtoi(parts[1], &whole.digest.bytes)) {
    return std::nullopt;
  }
  whole.digest.sha256 = parts[2];
  whole.snapshot = {.name = parts[0],
                    .machine_uuid = parts[0].substr(stem.size(), dash - stem.size()),
                    .native_id = name,
                    .created = absl::FromUnixSeconds(seconds),
                    .bytes = whole.digest.bytes};
  return whole;
}

absl::Status Damaged(const std::string& who, const std::string& name, const Digest& expected,
                     const Digest& found) {
  return Refusal(absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED",
                 absl::StrCat(who, ": the data of ", name, " are not what was saved"),
                 absl::StrCat(expected.bytes, " bytes, sha256 ", expected.sha256),
                 absl::StrCat(found.bytes, " bytes, sha256 ", found.sha256),
                 "Use another snapshot, and look at the disks of the engine's host.");
}

}  // namespace

absl::Status Snapshots::RemoveUnfinished(const std::string& uuid, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      engine_->Names({Label(kSourceLabel, uuid), Label(kProviderLabel, settings_->provider_id)},
                     deadline));
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, kUnfinished)) continue;
    // Its maker may have died while the machine stood still.
    WEFT_ASSIGN_OR_RETURN(const auto inspected, engine_->Inspect(MachineName(uuid), deadline));
    if (inspected.has_value() && TextAt(*inspected, {"State", "Status"}) == "paused") {
      WEFT_RETURN_IF_ERROR(engine_->Unpause(MachineName(uuid), deadline));
    }
    WEFT_RETURN_IF_ERROR(engine_->Remove(name, deadline));
    WEFT_RETURN_IF_ERROR(
        engine_->RemoveVolume(name.substr(absl::string_view(kUnfinished).size()), deadline));
  }
  return absl::OkStatus();
}

absl::StatusOr<Digest> Snapshots::CopyStanding(const std::string& machine,
                                               const std::string& snapshot,
                                               const CopyTerms& terms) {
  const Deadline& deadline = terms.deadline;
  WEFT_ASSIGN_OR_RETURN(const std::optional<Json> inspected, engine_->Inspect(machine, deadline));
  const bool runs = inspected.has_value() && TextAt(*inspected, {"State", "Status"}) == "running";
  if (runs) WEFT_RETURN_IF_ERROR(engine_->Pause(machine, deadline));
  const auto digest = engine_->Copy(machine, snapshot, settings_->data_dir, terms);
  if (runs) {
    WEFT_RETURN_IF_ERROR(engine_->Unpause(machine, Deadline::After(clock_, kCleanUpTime)));
  }
  return digest;
}

absl::StatusOr<Digest> Snapshots::Save(const std::string& uuid, const std::string& image,
                                       const std::string& name, const CopyTerms& terms) {
  const std::string unfinished = absl::StrCat(kUnfinished, name);
  const Json container = {
      {"Image", image},
      {"Labels",
       {{kSnapshotLabel, name}, {kSourceLabel, uuid}, {kProviderLabel, settings_->provider_id}}},
      {"HostConfig", {{"Mounts", Json::array({EmptyVolume(name, settings_->data_dir)})}}}};
  WEFT_RETURN_IF_ERROR(engine_->Create(unfinished, container, terms.deadline));
  WEFT_ASSIGN_OR_RETURN(const Digest saved, CopyStanding(MachineName(uuid), unfinished, terms));
  WEFT_ASSIGN_OR_RETURN(const Digest found, engine_->Read(unfinished, settings_->data_dir, terms));
  if (found != saved) return Damaged(engine_->who(), name, saved, found);
  return saved;
}

absl::StatusOr<MachineSnapshot> Snapshots::Create(const std::string& uuid, const std::string& name,
                                                  const CopyTerms& terms) {
  const Deadline& deadline = terms.deadline;
  WEFT_ASSIGN_OR_RETURN(const std::vector<MachineSnapshot> made, List(uuid, deadline));
  for (const MachineSnapshot& snapshot : made) {
    if (snapshot.name == name) return snapshot;
  }
  WEFT_ASSIGN_OR_RETURN(const std::optional<Json> inspected,
                        engine_->Inspect(MachineName(uuid), deadline));
  if (!inspected.has_value()) return MachineUnknown(engine_->who(), uuid);
  WEFT_RETURN_IF_ERROR(RemoveUnfinished(uuid, deadline));
  const auto saved = Save(uuid, TextAt(*inspected, {"Image"}), name, terms);
  if (!saved.ok()) {
    // Another who goes on with it begins it anew under the same name.
    if (!terms.Lost()) {
      RemoveUnfinished(uuid, Deadline::After(clock_, kCleanUpTime)).IgnoreError();
    }
    return saved.status();
  }
  const std::string whole = absl::StrCat(name, ".", saved->bytes, ".", saved->sha256);
  WEFT_RETURN_IF_ERROR(engine_->Rename(absl::StrCat(kUnfinished, name), whole, deadline));
  return ParseName(whole)->snapshot;
}

absl::StatusOr<std::vector<MachineSnapshot>> Snapshots::List(const std::string& uuid,
                                                             const Deadline& deadline) {
  std::vector<std::string> labels = {Label(kProviderLabel, settings_->provider_id), kSnapshotLabel};
  if (!uuid.empty()) labels.push_back(Label(kSourceLabel, uuid));
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, engine_->Names(labels, deadline));
  std::vector<MachineSnapshot> snapshots;
  for (const std::string& name : names) {
    if (auto whole = ParseName(name)) snapshots.push_back(std::move(whole->snapshot));
  }
  SortByAge(snapshots);
  return snapshots;
}

absl::Status Snapshots::Destroy(const std::string& name, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      engine_->Names({Label(kProviderLabel, settings_->provider_id), Label(kSnapshotLabel, name)},
                     deadline));
  for (const std::string& container : names) {
    WEFT_RETURN_IF_ERROR(engine_->Remove(container, deadline));
  }
  return engine_->RemoveVolume(name, deadline);
}

absl::Status Snapshots::CopyInto(const std::string& name, const std::string& container,
                                 const CopyTerms& terms) {
  WEFT_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      engine_->Names({Label(kProviderLabel, settings_->provider_id), Label(kSnapshotLabel, name)},
                     terms.deadline));
  std::optional<Whole> whole;
  for (const std::string& candidate : names) {
    if (auto parsed = ParseName(candidate)) whole = std::move(parsed);
  }
  if (!whole.has_value()) return SnapshotUnknown(engine_->who(), name);
  WEFT_ASSIGN_OR_RETURN(const Digest copied, engine_->Copy(whole->snapshot.native_id, container,
                                                           settings_->data_dir, terms));
  if (copied != whole->digest) return Damaged(engine_->who(), name, whole->digest, copied);
  return absl::OkStatus();
}

}  // namespace weft::provisioner::docker
