#pragma once
// Tells streams and waiting calls that the process drains.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace weft::controller {

// Thread-safe.
class DrainSignal {
 public:
  // Calls everybody, once and for all.
  void Fire() {
    fired_ = true;
    MutexLock lock(&calling_);
    for (const auto& [handle, listener] : listeners_) listener();
  }
  bool fired() const { return fired_; }

  // `listener` must not block, nor call Forget. Called at once where the signal was given before.
  uint64_t Subscribe(std::function<void()> listener) {
    MutexLock lock(&calling_);
    if (fired_) listener();
    listeners_[next_handle_] = std::move(listener);
    return next_handle_++;
  }
  // No call is under way afterwards.
  void Forget(uint64_t handle) {
    MutexLock lock(&calling_);
    listeners_.erase(handle);
  }

 private:
  std::atomic<bool> fired_{false};
  Mutex calling_;  // held while listeners are called
  uint64_t next_handle_ ABSL_GUARDED_BY(calling_) = 1;
  std::map<uint64_t, std::function<void()>> listeners_ ABSL_GUARDED_BY(calling_);
};

}  // namespace weft::controller
