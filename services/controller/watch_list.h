#pragma once
// What monitors shall watch: the servers of all active groups.
#include <cstdint>
#include <map>
#include <optional>
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
  // Every group that exists was told, as the store had them under `term` or later; `leading`: this
  // controller won that term's lease.
  void SetLoaded(uint64_t term, bool leading);
  // nullopt before SetLoaded: a controller that cannot read the store must not end the watch over
  // the servers of all groups.
  std::optional<v1::WatchList> Now() const;
  // Called after each change, and once SetLoaded says something new.
  Listeners& listeners() { return listeners_; }

 private:
  mutable Mutex mutex_;
  std::map<std::string, v1::WatchList> groups_ ABSL_GUARDED_BY(mutex_);
  bool loaded_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t term_ ABSL_GUARDED_BY(mutex_) = 0;
  bool leading_ ABSL_GUARDED_BY(mutex_) = false;
  Listeners listeners_;
};

}  // namespace weft::controller
