#pragma once
// An inventory that dies with its process: for tests.

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

// Whole: keeps every promise of Inventory but that of being on a disk. Several provisioners may
// share one.
class MemoryInventory : public Inventory {
 public:
  // From now on every call fails with `error` (UNAVAILABLE, say); OK ends that.
  void Fail(const absl::Status& error);
  // Sets an operation's cancel_requested, as the controllers do.
  void RequestCancel(const std::string& id);
  // All claims are gone, and the operations stay, as in a store restored from a backup.
  void LoseClaims();
  // Every operation there is, the ended too.
  std::vector<Job> Operations() const;

  absl::Status Check() override;
  absl::Status AddProvider(const ProviderEntry& entry) override;
  absl::Status RemoveProvider(const std::string& id) override;
  absl::StatusOr<std::vector<ProviderEntry>> ListProviders() override;
  absl::StatusOr<ProviderEntry> GetProvider(const std::string& id) override;
  absl::Status PutMachine(const MachineEntry& entry) override;
  absl::Status RemoveMachine(const std::string& uuid) override;
  absl::StatusOr<MachineEntry> GetMachine(const std::string& uuid) override;
  absl::StatusOr<std::vector<MachineEntry>> ListMachines(const std::string& provider) override;
  absl::Status PutSnapshot(const SnapshotEntry& entry) override;
  absl::Status RemoveSnapshot(const std::string& name) override;
  absl::StatusOr<SnapshotEntry> GetSnapshot(const std::string& name) override;
  absl::StatusOr<std::vector<SnapshotEntry>> ListSnapshots(const std::string& provider,
                                                           const std::string& machine) override;
  absl::Status BeginJob(const Job& job) override;
  absl::StatusOr<std::vector<Job>> ListJobs() override;
  absl::StatusOr<Job> GetJob(const std::string& id) override;
  absl::StatusOr<std::optional<Job>> FindByRequest(const std::string& request_id) override;
  absl::Status RenewJob(const std::string& id, const std::string& holder) override;
  absl::Status TakeJob(const Job& seen, const std::string& holder) override;
  absl::Status YieldJob(const std::string& id, const std::string& holder) override;
  absl::Status KeepNotes(const std::string& id, const std::string& holder,
                         const std::string& notes) override;
  absl::Status ReportJob(const Job& job) override;
  absl::Status EndUnclaimed(const std::vector<std::string>& kinds, absl::Time now) override;

 private:
  struct Kept {
    Job job;
    bool claimed = true;
  };
  bool Uses(const std::string& provider) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The claim of a job that `holder` has; nullptr where it has none.
  Job* Held(const std::string& id, const std::string& holder) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, ProviderEntry> providers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, MachineEntry> machines_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, SnapshotEntry> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::vector<Kept> jobs_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace weft::provisioner
