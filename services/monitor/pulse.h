#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/monitor/detector.h"
#include "services/monitor/prober.h"

namespace weft::monitor {

// Writes this monitor's heartbeat to one primary, over a session of its own: a commit may wait as
// long as it likes (for a disk, for an acknowledgement), and must not hinder the probes. At most
// one write is under way on the server: one that was given up is awaited there before the next.
class PulseWriter {
 public:
  // `prober`: account, password, TLS, name of this monitor, and where its heartbeats are noted.
  // REQUIRES: prober.beats, which outlives this.
  PulseWriter(Prober::Options prober, HostPort address, Clock* clock);

  // One heartbeat for the primary of that epoch. Blocks until it is written or fails; for a minute
  // at the longest. One thread.
  void Write(uint64_t epoch);

  // The primary is closed, as by an attempt to hand over: nothing is written to it. One whose
  // writes have failed is not well for that: until it is open again they have failed for as long as
  // they had. The thread of Write.
  void Freeze();

  // Ends a Write under way early. Any thread.
  void Abort();

  // Any thread; does not block.
  Pulse Now() const;

 private:
  // What became of one heartbeat. False: none was tried, for the primary is closed.
  absl::StatusOr<bool> Attempt(uint64_t epoch);
  absl::Status Open();
  absl::StatusOr<bool> Beat(uint64_t epoch);
  void Note(const absl::Status& status);
  // Goes on counting how long writes have failed where Note left off.
  void Thaw();

  const Prober::Options options_;
  const HostPort address_;
  Clock* const clock_;
  uint64_t given_up_ = 0;  // connection whose write may still be under way; 0: none

  mutable Mutex mutex_;
  std::shared_ptr<mysql::Session> session_ ABSL_GUARDED_BY(mutex_);
  bool may_write_ ABSL_GUARDED_BY(mutex_) = true;
  std::optional<absl::Duration> failing_since_ ABSL_GUARDED_BY(mutex_);
  // How long writes had failed when the primary was closed: as long as it is, nobody can tell more.
  std::optional<absl::Duration> frozen_ ABSL_GUARDED_BY(mutex_);
  std::string error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::monitor
