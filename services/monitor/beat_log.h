#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"

namespace weft::monitor {

// When this monitor's heartbeats were written: a replica that shows one and not the next is behind
// by the age of the next. This monitor's clock alone counts, so servers whose clocks differ are
// told right, and fractions of a second too. Thread-safe.
class BeatLog {
 public:
  explicit BeatLog(Clock* clock) : clock_(clock) {}

  // The number of a heartbeat to write: greater than all before it, those of processes before this
  // one included as far as the wall clock goes forward.
  uint64_t Next();
  // It was sent at that monotonic instant, and committed.
  void Committed(const HostPort& primary, uint64_t beat, absl::Duration sent);
  // Heartbeats are written to it now, so that what a replica of it shows tells how far that is.
  bool Writes(const HostPort& primary) const;
  // How far a server is behind that primary whose newest heartbeat is `shown` (0: none): so much at
  // least, and less than the time between two heartbeats more. nullopt where too little is known:
  // nothing is written to the primary, or `shown` is older than what is remembered.
  std::optional<absl::Duration> LagBehind(const HostPort& primary, uint64_t shown) const;

 private:
  struct Beat {
    uint64_t number;
    absl::Duration sent;
  };
  struct Tail {
    std::deque<Beat> beats;
    bool cut = false;                       // there were earlier ones
    absl::Duration gap = absl::Seconds(1);  // between the last two
  };

  // nullptr: nothing is written to it.
  const Tail* TailOf(const HostPort& primary, absl::Duration now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock* const clock_;
  mutable Mutex mutex_;
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<HostPort, Tail> tails_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::monitor
