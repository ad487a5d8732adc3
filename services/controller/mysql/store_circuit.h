#pragma once
// Keeps a store that is down from costing every caller a timeout.
#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace weft::controller {

// After a failed contact, callers get its error at once; after `rest`, one of them at a time may
// try again. Thread-safe. Never blocks. Times are on one monotonic scale.
class StoreCircuit {
 public:
  explicit StoreCircuit(absl::Duration rest) : rest_(rest) {}

  // OK: try, and Report how it went. Else the error of the last try.
  absl::Status Admit(absl::Duration now);

  // OK, or the error that made the store count as unreachable.
  void Report(const absl::Status& status, absl::Duration now);

 private:
  const absl::Duration rest_;

  Mutex mutex_;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  absl::Duration rests_until_ ABSL_GUARDED_BY(mutex_);
  bool trying_ ABSL_GUARDED_BY(mutex_) = false;  // one caller tries after a failure
};

}  // namespace weft::controller
