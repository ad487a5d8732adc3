#pragma once
// Long work on threads of its own, as persisted operations.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/operations_board.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Thread-safe. Work that is under way when this is stopped stays RUNNING in the store: the next
// leader begins it again.
class OperationRunner {
 public:
  struct Options {
    size_t max_running = 32;
    // Between two tries to write an operation's end while the store is down.
    absl::Duration retry = absl::Milliseconds(500);
  };
  struct Running {
    // Shown at once, written to the store soon. `progress` is 0..1.
    std::function<void(double progress, const std::string& phase)> report;
    // True once its end was asked for: return CANCELLED soon, with nothing half done.
    std::function<bool()> cancelled;
  };
  // Returns the result, a JSON object of figures or "".
  using Work = std::function<absl::StatusOr<std::string>(const Running&)>;

  // All outlive this.
  OperationRunner(Options options, Store* store, OperationsBoard* board, Clock* clock)
      : options_(options), store_(store), board_(board), clock_(clock) {}
  ~OperationRunner() { Stop(); }

  // Writes the operation and begins. RESOURCE_EXHAUSTED when too many run already; the store's
  // errors (ALREADY_EXISTS REQUEST_KNOWN).
  absl::StatusOr<Operation> Run(Operation operation, Work work);
  // Begins the work of an operation that a controller before this one left RUNNING; where this
  // process did so in an earlier term, and has not ended that work yet, once it has.
  absl::Status Resume(Operation operation, Work work);
  // Another controller leads now, and begins what runs here again: asks it to end, and writes no
  // end of it. Does not wait.
  void Interrupt();
  // Asks all work to end, and waits for it.
  void Stop();

 private:
  absl::Status Begin(const Operation& operation, Work work);
  struct Job {
    Operation operation;
    Work work;
    uint64_t generation = 0;
  };
  struct Thread {
    std::thread thread;
    uint64_t generation = 0;  // of the job that it does
    std::optional<Job> next;
  };

  // Does `job`, and what is put next of its operation meanwhile.
  void DoAll(Job job);
  void Do(Operation operation, const Work& work, uint64_t generation);
  void WriteEnd(const Operation& operation, uint64_t generation);
  bool Interrupted(uint64_t generation) const;
  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Store* const store_;
  OperationsBoard* const board_;
  Clock* const clock_;
  mutable Mutex mutex_;
  CondVar stopping_changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;                // raised by Interrupt
  std::map<std::string, Thread> threads_ ABSL_GUARDED_BY(mutex_);  // by operation
  std::vector<std::string> ended_ ABSL_GUARDED_BY(mutex_);         // to be joined
};

}  // namespace weft::controller
