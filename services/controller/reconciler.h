#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/controller/converge.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/event_journal.h"
#include "services/controller/group_news.h"
#include "services/controller/group_worker.h"
#include "services/controller/health_table.h"
#include "services/controller/hooks.h"
#include "services/controller/leadership.h"
#include "services/controller/metrics.h"
#include "services/controller/operation_runner.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Brings every group to its intent: observe, decide, act on one phase, look again (design
// section 3). One worker thread per group; groups never wait for each other. Thread-safe. Acts only
// while this process holds the lease; without it, it reads the groups and answers for them.
class Reconciler {
 public:
  struct Options {
    Leadership::Options leadership;
    Converger::Options converge;
    GroupWorker::Options worker;
    EventJournal::Options journal;
    OperationsBoard::Options board;
    OperationRunner::Options runner;
    HookBook hooks;
    // How often a controller that does not lead reads the groups.
    absl::Duration follow_period = absl::Seconds(1);
    // Steps of phases that run at the same time, over all groups.
    size_t max_step_threads = 16;
    // The longest that a rescue of errant transactions may take.
    absl::Duration rescue_deadline = absl::Minutes(10);
  };
  // All outlive the reconciler.
  struct Ports {
    Farm* farm = nullptr;
    Store* store = nullptr;
    HealthTable* health = nullptr;
    ControllerMetrics* metrics = nullptr;
    Clock* clock = nullptr;
  };

  // Gets the news of a group after it changed, in order for each group, from any thread. Must not
  // block, nor call the reconciler.
  using GroupListener = std::function<void(const GroupNews& news)>;
  struct Listeners {
    GroupListener group = [](const GroupNews&) {};
    // Every group that exists was told (again, by a new leader), as the store had them under `term`
    // or later; `leading`: this controller won that term.
    std::function<void(uint64_t term, bool leading)> loaded = [](uint64_t, bool) {};
    // This controller leads from now on; another one does.
    std::function<void(uint64_t term)> leads = [](uint64_t) {};
    std::function<void()> follows = [] {};
  };

  Reconciler(Options options, Ports ports, Listeners listeners);
  ~Reconciler();

  // Starts the leadership thread and the workers. The store may be down: they wait for it.
  void Start();
  // Finishes the steps under way (bounded by their deadlines), stops, gives the lease up.
  void Stop();

  bool leading() const;
  Lease lease() const;
  // OK when leading, else UNAVAILABLE with who leads or what is the matter with the store.
  absl::Status CheckLeading() const;

  // Blocks until this controller leads and has read the groups; false after `timeout`.
  bool AwaitLeader(absl::Duration timeout);
  // The same, or until it follows another that leads, and has read the groups.
  bool AwaitReady(absl::Duration timeout);
  // Everything that was stored is gone.
  void DropAll();

  // Converge soon: something was seen or changed.
  void Wake(const std::string& group);
  // Monitors say something new of these servers: their groups are woken.
  void Reported(const std::vector<HealthTable::Entry>& entries);

  // The record as it was last read or written, also while the store is down. NOT_FOUND;
  // UNAVAILABLE where nothing was read yet.
  absl::StatusOr<Group> Cached(const std::string& group) const;
  std::vector<Group> CachedAll() const;
  // Reads the record again and tells listeners when it changed; for handlers after a write.
  absl::StatusOr<Group> Refresh(const std::string& group);

  // A fresh look, and the last one made.
  absl::StatusOr<GroupWorker::LastLook> Look(const std::string& group);
  std::optional<GroupWorker::LastLook> LastLook(const std::string& group) const;
  std::optional<GroupWorker::Standing> StandingOf(const std::string& group) const;

  // Writes the intent with its operation and wakes the group. The operation is RUNNING; it ends
  // when Converge fulfils or refuses the intent. Refuses at once (FAILED_PRECONDITION with the
  // refusal as detail, nothing written) when the first look says that it cannot be done, or where
  // `check` does of the very record that the intent is written to.
  absl::StatusOr<Operation> Request(const std::string& group, const Intent& intent,
                                    Operation operation,
                                    absl::FunctionRef<absl::Status(const Group&)> check);
  // The phases that Request would lead to, as far as they can be foreseen from one look.
  absl::StatusOr<std::vector<Plan>> Foresee(const std::string& group, const Intent& intent);

  // Of a step of an exclusive change: a failover waits for its end (S25).
  static constexpr absl::Duration kExclusiveStep = absl::Seconds(1);
  // Runs `change` while no round of the group runs, then wakes it. ABORTED GROUP_BUSY.
  absl::Status Exclusively(const std::string& group, absl::FunctionRef<absl::Status()> change);
  // Blocks until `done` of the group's standing, asked after each round; false after `timeout`.
  bool WaitFor(const std::string& group, absl::FunctionRef<bool(const GroupWorker::Standing&)> done,
               absl::Duration timeout);
  // Blocks until `group` is settled, refused, or `timeout` is over (DEADLINE_EXCEEDED). Only rounds
  // that begin after the call count.
  absl::Status WaitSettled(const std::string& group, absl::Duration timeout);

  // How a new leader goes on with a RUNNING operation of `kind` (those of intents go on by
  // themselves; of other kinds they end as INTERRUPTED). REQUIRES: before Start.
  using Resume = std::function<OperationRunner::Work(const Operation&)>;
  void OnResume(const std::string& kind, Resume resume);

  OperationsBoard& board();
  OperationRunner& runner();
  EventJournal& journal();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::controller
