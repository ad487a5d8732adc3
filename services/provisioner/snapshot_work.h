#pragma once
// What the jobs of snapshots do. Each may be begun anew at any of its steps. (A restore makes a
// machine: machine_work.h.)

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/wishes.h"

namespace weft::provisioner {

// Thread-safe.
class SnapshotWork {
 public:
  // All outlive this.
  SnapshotWork(Inventory* inventory, ProviderDirectory* directory, Clock* clock)
      : inventory_(inventory), directory_(directory), clock_(clock) {}

  // Tells `runner` what to do for jobs of snapshots, which this outlives.
  void Serve(JobRunner* runner);

 private:
  absl::StatusOr<std::string> Create(RunningJob& job);
  absl::StatusOr<std::string> Destroy(RunningJob& job);
  // Of what the wish asks for; what was made or begun of it before, where it is resumed. CANCELLED.
  absl::StatusOr<MachineSnapshot> Copy(RunningJob& job, const SnapshotWish& wish,
                                       Provider* provider);
  // That neither the list nor the provider has.
  absl::StatusOr<std::string> FreshName(const SnapshotWish& wish, Provider* provider);
  absl::Status DestroyOne(const std::string& name, Provider* provider, const Deadline& deadline);

  Inventory* const inventory_;
  ProviderDirectory* const directory_;
  Clock* const clock_;
};

}  // namespace weft::provisioner
