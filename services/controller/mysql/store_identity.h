#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"

namespace weft::controller {

// The server uuids of the state store, which must never become servers of a group, whatever names
// they go by. Thread-safe.
class StoreIdentity {
 public:
  // Connects to nothing yet. `connect` holds the login. `clock` outlives this.
  StoreIdentity(mysql::ConnectOptions connect, std::vector<HostPort> members, Clock* clock)
      : connect_(std::move(connect)), members_(std::move(members)), clock_(clock) {}

  // Those that are known. Asks each once, and again a while after one failed. Blocks for a
  // connection to each at most.
  std::vector<std::string> Uuids();

 private:
  const mysql::ConnectOptions connect_;
  const std::vector<HostPort> members_;
  Clock* const clock_;
  Mutex mutex_;
  std::map<HostPort, std::string> uuids_ ABSL_GUARDED_BY(mutex_);
  absl::Duration tried_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

}  // namespace weft::controller
