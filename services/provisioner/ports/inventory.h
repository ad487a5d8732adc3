#pragma once
// What provisioners remember, in the state store that they share with the controllers.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

struct ProviderEntry {
  ProviderRecord record;  // its password sealed (sealing.h), or empty
  absl::Time created;
  friend bool operator==(const ProviderEntry&, const ProviderEntry&) = default;
};

// Where a machine is in its life, as we know it (Machine::state is what its provider says).
enum class Stage { kCreating, kReady, kDestroying, kOrphan };
absl::string_view ToString(Stage stage);  // "CREATING"
std::optional<Stage> ParseStage(absl::string_view text);

// Written before its provider is asked for the machine, and removed after the provider has removed
// it: so whatever a provider has of ours is listed, whoever dies when.
struct MachineEntry {
  Machine machine;
  Stage stage = Stage::kCreating;
  std::string operation;  // that works or worked on it last
  absl::Time created;
  friend bool operator==(const MachineEntry&, const MachineEntry&) = default;
};

struct SnapshotEntry {
  MachineSnapshot snapshot;
  std::string provider_id;
  friend bool operator==(const SnapshotEntry&, const SnapshotEntry&) = default;
};

enum class JobState { kRunning, kSucceeded, kFailed, kCancelled };
absl::string_view ToString(JobState state);  // "SUCCEEDED": as operations have it
std::optional<JobState> ParseJobState(absl::string_view text);

// A long request: an operation that the controllers show like their own, and while it runs the
// claim of the provisioner that works on it.
struct Job {
  // --- the operation
  std::string id;  // uuid
  std::string kind;
  std::string group;       // empty: of none
  std::string server;      // uuid; empty: of no single one
  std::string request_id;  // never empty, so that controllers leave it to provisioners
  std::string user;
  JobState state = JobState::kRunning;
  double progress = 0;  // 0..1
  std::string phase;
  std::string error_reason;
  std::string error_message;
  std::string result;  // a JSON object, or empty
  bool cancel_requested = false;
  absl::Time created;
  absl::Time updated;

  // --- the claim; empty once the job has ended
  std::string holder;  // empty: given up, for whoever comes first
  uint64_t renewal = 0;
  std::string request;  // what was asked for, as JSON: who resumes it begins from here
  std::string notes;    // what its work keeps for who resumes it, as JSON

  bool done() const { return state != JobState::kRunning; }
  friend bool operator==(const Job&, const Job&) = default;
};

// Thread-safe. Each call blocks for seconds at most: UNAVAILABLE when the store is down, or where
// the answer to a write was lost. Every write may be repeated. Implementations: MemoryInventory
// (whole, for tests), mysql/.
class Inventory {
 public:
  virtual ~Inventory() = default;

  // Whether the store is there, with a schema that this program knows. FAILED_PRECONDITION
  // NO_SCHEMA, SCHEMA_OLDER.
  virtual absl::Status Check() = 0;

  // --- providers, ordered by id. ALREADY_EXISTS PROVIDER_EXISTS; NOT_FOUND UNKNOWN_PROVIDER;
  // --- FAILED_PRECONDITION PROVIDER_IN_USE while a machine or snapshot of it is listed.
  virtual absl::Status AddProvider(const ProviderEntry& entry) = 0;
  virtual absl::Status RemoveProvider(const std::string& id) = 0;
  virtual absl::StatusOr<std::vector<ProviderEntry>> ListProviders() = 0;
  virtual absl::StatusOr<ProviderEntry> GetProvider(const std::string& id) = 0;

  // --- machines, ordered by uuid. Put makes or replaces, but for when it was made; NOT_FOUND
  // --- UNKNOWN_PROVIDER. Removing what is not there is OK. Get: NOT_FOUND UNKNOWN_MACHINE.
  virtual absl::Status PutMachine(const MachineEntry& entry) = 0;
  virtual absl::Status RemoveMachine(const std::string& uuid) = 0;
  virtual absl::StatusOr<MachineEntry> GetMachine(const std::string& uuid) = 0;
  // Of all providers for an empty id.
  virtual absl::StatusOr<std::vector<MachineEntry>> ListMachines(const std::string& provider) = 0;

  // --- snapshots, oldest first. As machines; NOT_FOUND UNKNOWN_SNAPSHOT.
  virtual absl::Status PutSnapshot(const SnapshotEntry& entry) = 0;
  virtual absl::Status RemoveSnapshot(const std::string& name) = 0;
  virtual absl::StatusOr<SnapshotEntry> GetSnapshot(const std::string& name) = 0;
  // Of all where an argument is empty.
  virtual absl::StatusOr<std::vector<SnapshotEntry>> ListSnapshots(const std::string& provider,
                                                                   const std::string& machine) = 0;

  // --- jobs. A holder's writes fail with ABORTED CLAIM_MOVED once another holds the job, or the
  // --- operation has ended or is gone.

  // Records the operation and its claim at once. ALREADY_EXISTS REQUEST_KNOWN where another
  // operation has its request id.
  virtual absl::Status BeginJob(const Job& job) = 0;
  // All that run, whoever holds them, oldest first.
  virtual absl::StatusOr<std::vector<Job>> ListJobs() = 0;
  // As it is now, running or ended. NOT_FOUND UNKNOWN_OPERATION.
  virtual absl::StatusOr<Job> GetJob(const std::string& id) = 0;
  virtual absl::StatusOr<std::optional<Job>> FindByRequest(const std::string& request_id) = 0;
  // Raises the claim's renewal.
  virtual absl::Status RenewJob(const std::string& id, const std::string& holder) = 0;
  // Makes `holder` the holder where holder and renewal are still as `seen`.
  virtual absl::Status TakeJob(const Job& seen, const std::string& holder) = 0;
  // The work is left to whoever takes it: at once, not after the ttl.
  virtual absl::Status YieldJob(const std::string& id, const std::string& holder) = 0;
  // Counts as a renewal.
  virtual absl::Status KeepNotes(const std::string& id, const std::string& holder,
                                 const std::string& notes) = 0;
  // Writes state, progress, phase, error and result of `job`, as its holder. One that is done ends
  // the claim with it.
  virtual absl::Status ReportJob(const Job& job) = 0;
  // Ends operations of these kinds that run without a claim (the store was restored from a backup):
  // FAILED INTERRUPTED.
  virtual absl::Status EndUnclaimed(const std::vector<std::string>& kinds, absl::Time now) = 0;
};

}  // namespace weft::provisioner
