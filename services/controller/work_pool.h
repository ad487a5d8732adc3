#pragma once
// A bounded number of threads that run the steps of a phase at the same time.
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace weft::controller {

// Thread-safe. Threads are started as they are first needed and kept.
class WorkPool {
 public:
  explicit WorkPool(size_t max_threads) : max_threads_(max_threads) {}
  // REQUIRES: no RunAll is under way.
  ~WorkPool();

  // Runs all of them, some on the calling thread, and returns when all have returned. Never waits
  // for a free thread: what no thread has begun the caller runs itself.
  void RunAll(std::vector<std::function<void()>> work);
  // The same, and calls `watch` on the calling thread once a `period` (of real time) until then.
  void RunAllWatched(std::vector<std::function<void()>> work, absl::Duration period,
                     const std::function<void()>& watch);

 private:
  struct Batch {
    std::vector<std::function<void()>> work;
    size_t next = 0;  // the first one nobody has begun
    size_t running = 0;
  };

  void Loop();
  // Runs the next piece of `batch`; false when all have begun.
  bool RunOne(Batch* batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_threads_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Batch*> batches_ ABSL_GUARDED_BY(mutex_);  // with work that nobody has begun
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
