#pragma once
// Operations of this process as they are now: progress is in memory at once and in the store soon.
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Thread-safe. What has ended is kept for a while, so that those who wait for it need not ask the
// store; what this process does not know is read from the store.
class OperationsBoard {
 public:
  struct Options {
    size_t keep_ended = 256;
    // How often Wait and Watch read from the store an operation that another process runs.
    absl::Duration poll = absl::Milliseconds(100);
    // Progress waits this long before it is written, so that its commit does not stand in the way
    // of those of the change it tells of.
    absl::Duration write_delay = absl::Milliseconds(300);
    // Who waits here is sent away when the store has been silent for this long: a controller that
    // is cut off from it does not hear how an operation goes on, and another may.
    absl::Duration store_patience = absl::Seconds(2);
  };
  // Gets the operation each time it changes, the last time with done(). Called from any thread, one
  // call at a time. Must not block, nor call the board.
  using Watcher = std::function<void(const Operation&)>;

  // `store` and `clock` outlive this.
  OperationsBoard(Options options, Store* store, Clock* clock);
  ~OperationsBoard();

  // Shows the operation as it is; the caller has written it to the store (or will). An ended
  // operation does not change any more, and progress never falls.
  void Show(const Operation& operation);
  // Shows and has it written to the store by the board's thread: for progress, where a write would
  // be in the way. Only the newest of several is written, and none after an end.
  void Report(const Operation& operation);
  // Gives an ended operation another result: a figure became known. Written to the store soon.
  void Correct(const Operation& operation);
  // No write of `id` is under way afterwards, and none that was reported will follow. Call before
  // writing its end.
  void Settle(const std::string& id);

  // Another controller leads, and knows better what becomes of all that has not ended.
  void ForgetRunning();

  // What is shown here; nullopt where only the store may know it.
  std::optional<Operation> Shown(const std::string& id) const;
  // NOT_FOUND; UNAVAILABLE when only the store would know, and is down.
  absl::StatusOr<Operation> Get(const std::string& id) const;
  // Blocks until it has ended or `timeout` is over; returns it as it then is. UNAVAILABLE
  // STORE_DOWN when the store has been silent for a while.
  absl::StatusOr<Operation> Wait(const std::string& id, absl::Duration timeout) const;

  // Calls `watcher` at once and on each change until it ended or Unwatch. Returns a handle, 0 when
  // it has already ended. When the store has been silent for a while `lost` is called instead, like
  // `watcher`, and nothing more.
  absl::StatusOr<uint64_t> Watch(const std::string& id, Watcher watcher,
                                 std::function<void(const absl::Status&)> lost = {});
  // No call is under way afterwards.
  void Unwatch(uint64_t handle);

  // True once somebody asked for its end.
  bool CancelRequested(const std::string& id) const;
  // Remembered also where it is not shown here: it may run elsewhere, or be shown later.
  void MarkCancelRequested(const std::string& id);
  // True while it is shown here and has not ended.
  bool RunningHere(const std::string& id) const;

 private:
  struct Watching {
    std::string id;
    Watcher watcher;
    std::string last;  // what it was told, to tell only changes
    std::function<void(const absl::Status&)> lost;
  };

  void Loop();
  // Waits for `rest`, an end to write, or (`for_work`) anything to write; false when it stops.
  bool Rest(absl::Duration rest, bool for_work);
  bool HasUnwritten() const;
  void WriteReports();
  // Tells how those go on that another process runs. Whether the store was silent; nullopt where it
  // was not asked.
  std::optional<bool> PollForeign();
  // Whether the store is there, where anybody waits; asks it where `silent` does not say.
  void CheckStore(std::optional<bool> silent);
  absl::Status StoreLost() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(const Operation& news);
  Operation Current(const Operation& news) const;
  bool ShowLocked(const Operation& operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Store* const store_;
  Clock* const clock_;

  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::map<std::string, Operation> shown_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> ended_ ABSL_GUARDED_BY(mutex_);  // oldest first
  std::map<std::string, Operation> unwritten_ ABSL_GUARDED_BY(mutex_);
  bool end_unwritten_ ABSL_GUARDED_BY(mutex_) = false;  // one of them has ended
  std::string writing_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> cancelled_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  mutable int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<absl::Duration> silent_since_ ABSL_GUARDED_BY(mutex_);  // the store

  Mutex watchers_mutex_;  // held while watchers are called; before mutex_
  uint64_t next_handle_ ABSL_GUARDED_BY(watchers_mutex_) = 1;
  std::map<uint64_t, Watching> watchers_ ABSL_GUARDED_BY(watchers_mutex_);
  std::thread thread_;
};

}  // namespace weft::controller
