#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
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
  void Take(uint64_t bytes);

 private:
  const uint64_t rate_;
  Clock* const clock_;
  Mutex mutex_;
  // When the flow so far is paid for.
  absl::Duration free_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace weft::provisioner
