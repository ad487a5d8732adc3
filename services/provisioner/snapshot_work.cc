#include "services/provisioner/snapshot_work.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

// Of the copy of a machine's data, and of anything else.
constexpr absl::Duration kCopy = absl::Hours(24);
constexpr absl::Duration kCall = absl::Minutes(5);
// That the clocks of providers and provisioners may differ by.
constexpr absl::Duration kClocks = absl::Minutes(1);

absl::Status Cancelled() {
  return Refusal(absl::StatusCode::kCancelled, "CANCELLED", "somebody asked for its end");
}

}  // namespace

void SnapshotWork::Serve(JobRunner* runner) {
  runner->Handle(kCreateSnapshot, [this](RunningJob& job) { return Create(job); });
  runner->Handle(kDestroySnapshots, [this](RunningJob& job) { return Destroy(job); });
}

absl::StatusOr<std::optional<MachineSnapshot>> SnapshotWork::FindMade(const SnapshotWish& wish,
                                                                      absl::Time since,
                                                                      Provider* provider,
                                                                      const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<MachineSnapshot> made,
                        provider->ListSnapshots(wish.machine, deadline));
  for (const MachineSnapshot& snapshot : made) {
    if (snapshot.created < since) continue;  // somebody made it unlisted
    const absl::Status known = inventory_->GetSnapshot(snapshot.name).status();
    if (absl::IsNotFound(known)) return std::optional<MachineSnapshot>(snapshot);
    WEFT_RETURN_IF_ERROR(known);
  }
  return std::optional<MachineSnapshot>();
}

absl::StatusOr<MachineSnapshot> SnapshotWork::Copy(RunningJob& job, const SnapshotWish& wish,
                                                   Provider* provider) {
  if (const auto made = ParseSnapshotNotes(job.notes()); made.has_value()) return *made;
  if (job.cancelled()) return Cancelled();
  if (job.resumed() && !wish.unlisted) {
    WEFT_ASSIGN_OR_RETURN(
        const std::optional<MachineSnapshot> made,
        FindMade(wish, job.created() - kClocks, provider, Deadline::After(clock_, kCall)));
    if (made.has_value()) return *made;
  }
  return provider->CreateSnapshot(wish.machine, {.deadline = Deadline::After(clock_, kCopy),
                                                 .cancelled = [&job] { return job.cancelled(); }});
}

absl::StatusOr<std::string> SnapshotWork::Create(RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(const SnapshotWish wish, ParseSnapshotWish(job.request()));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider, directory_->Open(wish.provider));
  job.Report(0, "copy");
  WEFT_ASSIGN_OR_RETURN(const MachineSnapshot snapshot, Copy(job, wish, provider.get()));
  if (!wish.unlisted) {
    WEFT_RETURN_IF_ERROR(inventory_->PutSnapshot({snapshot, wish.provider}));
  }
  // Who resumes it makes no other one.
  WEFT_RETURN_IF_ERROR(job.Keep(NotesOf(snapshot)));
  std::vector<std::string> destroyed;
  if (wish.keep > 0) {
    job.Report(0.9, "destroy the oldest");
    WEFT_ASSIGN_OR_RETURN(const std::vector<SnapshotEntry> all,
                          inventory_->ListSnapshots(wish.provider, wish.machine));
    const size_t kept = std::min(all.size(), static_cast<size_t>(wish.keep));
    for (size_t i = 0; i + kept < all.size(); ++i) {
      if (job.cancelled()) return Cancelled();
      const std::string& name = all[i].snapshot.name;
      WEFT_RETURN_IF_ERROR(DestroyOne(name, provider.get(), Deadline::After(clock_, kCall)));
      destroyed.push_back(name);
    }
  }
  return SnapshotResult(snapshot, destroyed);
}

absl::Status SnapshotWork::DestroyOne(const std::string& name, Provider* provider,
                                      const Deadline& deadline) {
  WEFT_RETURN_IF_ERROR(provider->DestroySnapshot(name, deadline));
  return inventory_->RemoveSnapshot(name);
}

absl::StatusOr<std::string> SnapshotWork::Destroy(RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(const SnapshotWish wish, ParseSnapshotWish(job.request()));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider, directory_->Open(wish.provider));
  std::vector<std::string> names = wish.names;
  if (names.empty()) {
    // What the provider has counts: it is what takes room.
    WEFT_ASSIGN_OR_RETURN(const std::vector<MachineSnapshot> made,
                          provider->ListSnapshots(wish.machine, Deadline::After(clock_, kCall)));
    for (const MachineSnapshot& snapshot : made) names.push_back(snapshot.name);
    WEFT_ASSIGN_OR_RETURN(const std::vector<SnapshotEntry> listed,
                          inventory_->ListSnapshots(wish.provider, wish.machine));
    for (const SnapshotEntry& entry : listed) {
      const std::string& name = entry.snapshot.name;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (job.cancelled()) return Cancelled();
    job.Report(static_cast<double>(i) / static_cast<double>(names.size()),
               absl::StrCat("destroy ", names[i]));
    WEFT_RETURN_IF_ERROR(DestroyOne(names[i], provider.get(), Deadline::After(clock_, kCall)));
  }
  return DestroyedResult(names);
}

}  // namespace weft::provisioner
