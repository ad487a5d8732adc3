#include "services/provisioner/snapshot_work.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner {
namespace {

// Of the copy of a machine's data, and of anything else.
constexpr absl::Duration kCopy = absl::Hours(24);
constexpr absl::Duration kCall = absl::Minutes(5);

absl::Status Cancelled() {
  return Refusal(absl::StatusCode::kCancelled, "CANCELLED", "somebody asked for its end");
}

}  // namespace

void SnapshotWork::Serve(JobRunner* runner) {
  runner->Handle(kCreateSnapshot, [this](RunningJob& job) { return Create(job); });
  runner->Handle(kDestroySnapshots, [this](RunningJob& job) { return Destroy(job); });
}

absl::StatusOr<std::string> SnapshotWork::FreshName(const SnapshotWish& wish, Provider* provider) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<MachineSnapshot> made,
                        provider->ListSnapshots(wish.machine, Deadline::After(clock_, kCall)));
  WEFT_ASSIGN_OR_RETURN(const std::vector<SnapshotEntry> listed,
                        inventory_->ListSnapshots(wish.provider, wish.machine));
  std::set<std::string> taken;
  for (const MachineSnapshot& snapshot : made) taken.insert(snapshot.name);
  for (const SnapshotEntry& entry : listed) taken.insert(entry.snapshot.name);
  // Names have seconds, and must differ.
  absl::Time time = clock_->Now();
  while (taken.contains(SnapshotName(wish.machine, time))) time += absl::Seconds(1);
  return SnapshotName(wish.machine, time);
}

absl::StatusOr<MachineSnapshot> SnapshotWork::Copy(RunningJob& job, const SnapshotWish& wish,
                                                   Provider* provider) {
  std::optional<MachineSnapshot> kept = ParseSnapshotNotes(job.notes());
  if (kept.has_value() && !kept->native_id.empty()) return *kept;
  if (!kept.has_value()) {
    if (job.cancelled()) return Cancelled();
    kept.emplace();
    kept->machine_uuid = wish.machine;
    WEFT_ASSIGN_OR_RETURN(kept->name, FreshName(wish, provider));
    // Before the provider hears of it: who resumes this awaits it, or ends it.
    WEFT_RETURN_IF_ERROR(job.Keep(NotesOf(*kept)));
  }
  return provider->CreateSnapshot(wish.machine, kept->name,
                                  {.deadline = Deadline::After(clock_, kCopy),
                                   .cancelled = [&job] { return job.cancelled(); },
                                   .lost = [&job] { return job.lost(); }});
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
