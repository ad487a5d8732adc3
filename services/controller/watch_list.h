#pragma once
// What monitors shall watch: the servers of all active groups.
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "protos/weft/v1/health.pb.h"

namespace weft::controller {

// Thread-safe; never blocks.
class WatchListBoard {
 public:
  // The group as it is now.
  void Take(const Group& group, bool removed);
  v1::WatchList Now() const;
  // `changed` is called, from any thread, after each change: it must not block, nor call Forget.
  // Returns a handle.
  uint64_t Subscribe(std::function<void()> changed);
  // No call is under way afterwards.
  void Forget(uint64_t handle);

 private:
  mutable Mutex mutex_;
  std::map<std::string, v1::WatchList> groups_ ABSL_GUARDED_BY(mutex_);
  Mutex calling_;  // held while subscribers are called; before mutex_
  uint64_t next_handle_ ABSL_GUARDED_BY(calling_) = 1;
  std::map<uint64_t, std::function<void()>> subscribers_ ABSL_GUARDED_BY(calling_);
};

}  // namespace weft::controller
