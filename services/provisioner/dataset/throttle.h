#pragma once

#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace weft::provisioner {

// Bounds a flow of bytes. Thread-safe. What was not used for a while is not saved up beyond a tenth
// of a second, so that a pause is not followed by a burst.
class Throttle {
 public:
  // 0: no bound. `clock` outlives this.
  Throttle(uint64_t bytes_per_second, Clock* clock) : rate_(bytes_per_second), clock_(clock) {}

  // Blocks until so many bytes may flow: longer than a second for more than a second's worth.
  // Meanwhile asks `may_go_on` (unless empty) ten times a second, whose error ends the wait and is
  // returned.
  absl::Status Take(uint64_t bytes, const std::function<absl::Status()>& may_go_on = nullptr);

 private:
  const uint64_t rate_;
  Clock* const clock_;
  Mutex mutex_;
  // When the flow so far is paid for.
  absl::Duration free_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace weft::provisioner
