#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/health_table.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Brings every group to its intent: observe, decide, act on one phase, look again (design
// section 3). One worker thread per group that needs one; groups never wait for each other.
// Thread-safe. Acts only while this process holds the lease.
class Reconciler {
 public:
  struct Options {
    std::string name;  // of this controller, the lease's holder
    // A lease not renewed for this long may be taken by another controller.
    absl::Duration lease_ttl = absl::Seconds(2);
    // An active, settled group is looked at this often without being woken.
    absl::Duration period = absl::Seconds(1);
    // One look at all servers of a group, and one step other than CatchUp.
    absl::Duration probe_deadline = absl::Milliseconds(1000);
    absl::Duration step_deadline = absl::Seconds(5);
    // Phases of one Converge before it gives the group a rest of one period.
    int max_phases = 64;
    // After an automatic failover of a group, the next one waits this long (S24). People's
    // orders do not.
    absl::Duration failover_cool_down = absl::Seconds(10);
  };

  // Called with each new snapshot of a group's record after it changed (empty servers and epoch 0
  // with `removed`), in order, from worker threads. Must not block.
  using GroupListener = std::function<void(const Group& group, bool removed)>;

  Reconciler(Options options, Farm* farm, Store* store, HealthTable* health, const Clock* clock);
  ~Reconciler();

  // Starts the leadership thread and the workers. The store may be down: they wait for it.
  void Start();
  // Finishes the steps under way (bounded) and stops. Gives the lease up.
  void Stop();

  bool leading() const;
  Lease lease() const;
  // OK when leading, else UNAVAILABLE with who leads.
  absl::Status CheckLeading() const;

  // Converge soon: something was seen or changed.
  void Wake(const std::string& group);
  void AddListener(GroupListener listener);

  // The record as it was last read or written, also while the store is down. NOT_FOUND.
  absl::StatusOr<Group> Cached(const std::string& group) const;
  std::vector<Group> CachedAll() const;
  // Reads the record again and tells listeners when it changed; for handlers after a write.
  absl::StatusOr<Group> Refresh(const std::string& group);

  // A fresh look (probes now), and the last one made (for cheap reads; may be absent).
  absl::StatusOr<Snapshot> Look(const std::string& group);
  std::optional<Snapshot> LastLook(const std::string& group) const;

  // Writes the intent with its operation and wakes the group. The operation is RUNNING; it ends
  // when Converge fulfils or refuses the intent. Refuses at once (FAILED_PRECONDITION with the
  // refusal as detail, nothing written) when the first look says that it cannot be done.
  absl::StatusOr<Operation> Request(const std::string& group, const Intent& intent,
                                    Operation operation);
  // The phases that Request would lead to, as far as they can be foreseen from one look (each
  // record step is applied to a copy; steps on servers are assumed to succeed).
  absl::StatusOr<std::vector<Plan>> Foresee(const std::string& group, const Intent& intent);

  // Runs `work` as a persisted operation on a thread of its own (bounded number; RESOURCE_EXHAUSTED
  // beyond). `work` may call the setter to report progress and phase, and gets cancelled() to poll.
  struct Running {
    std::function<void(double progress, const std::string& phase)> report;
    std::function<bool()> cancelled;
  };
  using Work = std::function<absl::StatusOr<std::string /*result json*/>(const Running&)>;
  absl::StatusOr<Operation> Run(Operation operation, Work work);

  // Blocks until the operation has ended or `timeout` is over; returns it as it is then.
  absl::StatusOr<Operation> Wait(const std::string& operation, absl::Duration timeout);
  // Blocks until `group` is settled (empty plan), refused, or `timeout` is over.
  absl::Status WaitSettled(const std::string& group, absl::Duration timeout);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::controller
