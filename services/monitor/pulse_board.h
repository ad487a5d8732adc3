#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/monitor/pulse.h"
#include "services/monitor/watcher.h"

namespace weft::monitor {

// Writes this monitor's heartbeats to a changing list of primaries, one thread each: a write may
// take as long as the server's disk does. Thread-safe.
class PulseBoard {
 public:
  struct Options {
    Prober::Options prober;  // as PulseWriter takes it
    // After a write that failed; one that succeeded is followed by the period.
    absl::Duration retry = absl::Milliseconds(500);
  };
  // Whether a heartbeat may be written there now. Must not block.
  using Gate = std::function<bool(const WatchedServer&)>;

  PulseBoard(Options options, Clock* clock, Gate gate);
  // Ends all threads; a write under way is broken off.
  ~PulseBoard();

  // Replaces the list: each primary with its epoch. Does not wait for threads that end. Not
  // positive `period`: nothing is written.
  void Write(const std::map<WatchedServer, uint64_t>& primaries, absl::Duration period);

  // Of the primaries that may be written to now, and of those that had failed when they were
  // closed.
  std::map<WatchedServer, Pulse> Now() const;

 private:
  struct Post;

  void Loop(Post& post);
  void JoinEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Clock* const clock_;
  const Gate gate_;

  mutable Mutex mutex_;
  absl::Duration period_ ABSL_GUARDED_BY(mutex_);
  std::map<WatchedServer, std::unique_ptr<Post>> posts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Post>> ending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::monitor
