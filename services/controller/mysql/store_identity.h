#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/mysql/session.h"

namespace weft::controller {

// The server uuid of the state store, which must never become a server of a group, whatever name it
// goes by. Thread-safe.
class StoreIdentity {
 public:
  // Connects to nothing yet. `clock` outlives this.
  StoreIdentity(mysql::ConnectOptions connect, Clock* clock)
      : connect_(std::move(connect)), clock_(clock) {}

  // Asks once, and again a while after it failed; "" as long as it is not known. Blocks for one
  // connection at most.
  std::string Uuid();

 private:
  const mysql::ConnectOptions connect_;
  Clock* const clock_;
  Mutex mutex_;
  std::string uuid_ ABSL_GUARDED_BY(mutex_);
  absl::Duration tried_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

}  // namespace weft::controller
