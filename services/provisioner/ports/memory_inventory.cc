#include "services/provisioner/ports/memory_inventory.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

// As an operation is shown once its claim is gone.
Job WithoutClaim(Job job) {
  job.holder.clear();
  job.renewal = 0;
  job.request.clear();
  job.notes.clear();
  return job;
}

}  // namespace

void MemoryInventory::Fail(const absl::Status& error) {
  MutexLock lock(&mutex_);
  error_ = error;
}

void MemoryInventory::RequestCancel(const std::string& id) {
  MutexLock lock(&mutex_);
  for (Kept& kept : jobs_) {
    if (kept.job.id == id && !kept.job.done()) kept.job.cancel_requested = true;
  }
}

void MemoryInventory::LoseClaims() {
  MutexLock lock(&mutex_);
  for (Kept& kept : jobs_) {
    kept.job = WithoutClaim(std::move(kept.job));
    kept.claimed = false;
  }
}

std::vector<Job> MemoryInventory::Operations() const {
  MutexLock lock(&mutex_);
  std::vector<Job> jobs;
  for (const Kept& kept : jobs_) jobs.push_back(kept.job);
  return jobs;
}

absl::Status MemoryInventory::Check() {
  MutexLock lock(&mutex_);
  return error_;
}

absl::Status MemoryInventory::AddProvider(const ProviderEntry& entry) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  const bool added = providers_.try_emplace(entry.record.id, entry).second;
  return added ? absl::OkStatus() : ProviderExists(entry.record.id);
}

bool MemoryInventory::Uses(const std::string& provider) const {
  return std::any_of(
             machines_.begin(), machines_.end(),
             [&](const auto& entry) { return entry.second.machine.provider_id == provider; }) ||
         std::any_of(snapshots_.begin(), snapshots_.end(),
                     [&](const auto& entry) { return entry.second.provider_id == provider; });
}

absl::Status MemoryInventory::RemoveProvider(const std::string& id) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  if (Uses(id)) return ProviderInUse(id);
  return providers_.erase(id) > 0 ? absl::OkStatus() : UnknownProvider(id);
}

absl::StatusOr<std::vector<ProviderEntry>> MemoryInventory::ListProviders() {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  std::vector<ProviderEntry> entries;
  for (const auto& [id, entry] : providers_) entries.push_back(entry);
  return entries;
}

absl::StatusOr<ProviderEntry> MemoryInventory::GetProvider(const std::string& id) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  const auto found = providers_.find(id);
  if (found == providers_.end()) return UnknownProvider(id);
  return found->second;
}

absl::Status MemoryInventory::PutMachine(const MachineEntry& entry) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  const std::string& provider = entry.machine.provider_id;
  if (providers_.count(provider) == 0) return UnknownProvider(provider);
  const auto [at, fresh] = machines_.try_emplace(entry.machine.uuid, entry);
  MachineEntry& kept = at->second;
  const absl::Time created = kept.created;
  if (!fresh) kept = entry;
  kept.created = created;
  // What its provider says is no part of the list.
  kept.machine.state = MachineState::kPending;
  return absl::OkStatus();
}

absl::Status MemoryInventory::RemoveMachine(const std::string& uuid) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  machines_.erase(uuid);
  return absl::OkStatus();
}

absl::StatusOr<MachineEntry> MemoryInventory::GetMachine(const std::string& uuid) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  const auto found = machines_.find(uuid);
  if (found == machines_.end()) return UnknownMachine(uuid);
  return found->second;
}

absl::StatusOr<std::vector<MachineEntry>> MemoryInventory::ListMachines(
    const std::string& provider) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  std::vector<MachineEntry> entries;
  for (const auto& [uuid, entry] : machines_) {
    if (provider.empty() || entry.machine.provider_id == provider) entries.push_back(entry);
  }
  return entries;
}

absl::Status MemoryInventory::PutSnapshot(const SnapshotEntry& entry) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  if (providers_.count(entry.provider_id) == 0) return UnknownProvider(entry.provider_id);
  snapshots_[entry.snapshot.name] = entry;
  return absl::OkStatus();
}

absl::Status MemoryInventory::RemoveSnapshot(const std::string& name) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  snapshots_.erase(name);
  return absl::OkStatus();
}

absl::StatusOr<SnapshotEntry> MemoryInventory::GetSnapshot(const std::string& name) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  const auto found = snapshots_.find(name);
  if (found == snapshots_.end()) return UnknownSnapshot(name);
  return found->second;
}

absl::StatusOr<std::vector<SnapshotEntry>> MemoryInventory::ListSnapshots(
    const std::string& provider, const std::string& machine) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  std::vector<SnapshotEntry> entries;
  for (const auto& [name, entry] : snapshots_) {
    if (!provider.empty() && entry.provider_id != provider) continue;
    if (!machine.empty() && entry.snapshot.machine_uuid != machine) continue;
    entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const SnapshotEntry& a, const SnapshotEntry& b) {
                     return a.snapshot.created < b.snapshot.created;
                   });
  return entries;
}

absl::Status MemoryInventory::BeginJob(const Job& job) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  for (const Kept& kept : jobs_) {
    if (kept.job.id == job.id) return absl::OkStatus();
    if (kept.job.request_id == job.request_id) return RequestKnown(job.request_id);
  }
  jobs_.push_back({job});
  jobs_.back().job.renewal = 1;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Job>> MemoryInventory::ListJobs() {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  std::vector<Job> jobs;
  for (const Kept& kept : jobs_) {
    if (kept.claimed) jobs.push_back(kept.job);
  }
  return jobs;
}

absl::StatusOr<Job> MemoryInventory::GetJob(const std::string& id) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  for (const Kept& kept : jobs_) {
    if (kept.job.id == id) return kept.job;
  }
  return UnknownOperation(id);
}

absl::StatusOr<std::optional<Job>> MemoryInventory::FindByRequest(const std::string& request_id) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  for (const Kept& kept : jobs_) {
    if (kept.job.request_id == request_id) return std::optional<Job>(kept.job);
  }
  return std::optional<Job>();
}

Job* MemoryInventory::Held(const std::string& id, const std::string& holder) {
  for (Kept& kept : jobs_) {
    if (kept.job.id == id && kept.claimed && kept.job.holder == holder) return &kept.job;
  }
  return nullptr;
}

absl::Status MemoryInventory::RenewJob(const std::string& id, const std::string& holder) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  Job* const job = Held(id, holder);
  if (job == nullptr) return ClaimMoved(id);
  ++job->renewal;
  return absl::OkStatus();
}

absl::Status MemoryInventory::TakeJob(const Job& seen, const std::string& holder) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  Job* const job = Held(seen.id, seen.holder);
  if (job == nullptr || job->renewal != seen.renewal) return ClaimMoved(seen.id);
  job->holder = holder;
  ++job->renewal;
  return absl::OkStatus();
}

absl::Status MemoryInventory::YieldJob(const std::string& id, const std::string& holder) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  Job* const job = Held(id, holder);
  if (job == nullptr) return ClaimMoved(id);
  job->holder.clear();
  ++job->renewal;
  return absl::OkStatus();
}

absl::Status MemoryInventory::KeepNotes(const std::string& id, const std::string& holder,
                                        const std::string& notes) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  Job* const job = Held(id, holder);
  if (job == nullptr) return ClaimMoved(id);
  job->notes = notes;
  ++job->renewal;
  return absl::OkStatus();
}

absl::Status MemoryInventory::ReportJob(const Job& job) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  for (Kept& kept : jobs_) {
    if (kept.job.id != job.id) continue;
    if (!kept.claimed && job.done() && kept.job.state == job.state) return absl::OkStatus();
    if (!kept.claimed || kept.job.holder != job.holder) break;
    const bool cancel_requested = kept.job.cancel_requested;
    const uint64_t renewal = kept.job.renewal;
    const std::string notes = kept.job.notes;
    kept.job = job.done() ? WithoutClaim(job) : job;
    kept.job.cancel_requested = cancel_requested;
    kept.claimed = !job.done();
    if (kept.claimed) {
      kept.job.renewal = renewal;
      kept.job.notes = notes;
    }
    return absl::OkStatus();
  }
  return ClaimMoved(job.id);
}

absl::Status MemoryInventory::EndUnclaimed(const std::vector<std::string>& kinds, absl::Time now) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(error_);
  for (Kept& kept : jobs_) {
    if (kept.claimed || kept.job.done()) continue;
    if (std::find(kinds.begin(), kinds.end(), kept.job.kind) == kinds.end()) continue;
    kept.job.state = JobState::kFailed;
    kept.job.error_reason = kInterruptedReason;
    kept.job.error_message = kInterruptedMessage;
    kept.job.updated = now;
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner
