#pragma once
// A bounded number of threads for tasks that block, and a bounded queue before them.
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/rpc/metrics.h"

namespace weft::gateway {

// Thread-safe. Threads are started when they are needed, and stay.
class TaskPool {
 public:
  // `depth` shows how many tasks wait or run.
  TaskPool(int threads, size_t max_waiting, rpc::Gauge depth)
      : limit_(threads), max_waiting_(max_waiting), depth_(depth) {}
  // Runs what waits, too: stop what the tasks wait for first.
  ~TaskPool();

  // False, and nothing is done, where too many wait or the pool is ending.
  bool Add(std::function<void()> task);

 private:
  void Loop();

  const size_t limit_;
  const size_t max_waiting_;
  const rpc::Gauge depth_;
  Mutex mutex_;
  CondVar changed_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway
