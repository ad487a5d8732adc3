#pragma once
// Whom to call when something has changed.
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace weft::controller {

// Thread-safe.
class Listeners {
 public:
  // `changed` is called from any thread: it must not block, nor call Forget. Returns a handle.
  uint64_t Subscribe(std::function<void()> changed) {
    MutexLock lock(&calling_);
    const uint64_t handle = next_handle_++;
    listeners_[handle] = std::move(changed);
    return handle;
  }
  // No call is under way afterwards.
  void Forget(uint64_t handle) {
    MutexLock lock(&calling_);
    listeners_.erase(handle);
  }
  void CallAll() {
    MutexLock lock(&calling_);
    for (const auto& [handle, changed] : listeners_) changed();
  }

 private:
  Mutex calling_;  // held while listeners are called
  uint64_t next_handle_ ABSL_GUARDED_BY(calling_) = 1;
  std::map<uint64_t, std::function<void()>> listeners_ ABSL_GUARDED_BY(calling_);
};

}  // namespace weft::controller
