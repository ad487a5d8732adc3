#pragma once
// What monitors shall watch: the servers of all active groups.
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/model/group.h"
#include "protos/weft/v1/health.pb.h"
#include "services/controller/listeners.h"

namespace weft::controller {

// Thread-safe; never blocks.
class WatchListBoard {
 public:
  // The group as it is now.
  void Take(const Group& group, bool removed);
  v1::WatchList Now() const;
  // Called after each change.
  Listeners& listeners() { return listeners_; }

 private:
  mutable Mutex mutex_;
  std::map<std::string, v1::WatchList> groups_ ABSL_GUARDED_BY(mutex_);
  Listeners listeners_;
};

}  // namespace weft::controller
