#pragma once
// The thread that brings one group to its intent.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/converge.h"

namespace weft::controller {

// Runs the rounds of one group: without pause while there is something to do, else once a period.
// Thread-safe. At most one round, look or exclusive change of the group runs at a time.
class GroupWorker {
 public:
  struct Options {
    // A settled group that is active, or has ever had a primary, is looked at this often without
    // being woken.
    absl::Duration period = absl::Seconds(1);
    // The first rest after a round that failed or must wait; it doubles up to the period.
    absl::Duration first_rest = absl::Milliseconds(20);
    // Rounds without a rest, before one of a period.
    int max_phases = 64;
    // A look not older than this need not be made again for the API.
    absl::Duration fresh = absl::Milliseconds(100);
    // How long a look waits for a round under way to end before it answers with the last look; and
    // how long a change waits.
    absl::Duration look_patience = absl::Milliseconds(1500);
    absl::Duration patience = absl::Seconds(5);
  };
  struct Hooks {
    // The term this process may act under now; nullopt: it may not. Local, no I/O.
    std::function<std::optional<uint64_t>()> term;
    // A fresh converger for the term, and whatever else belongs to a term.
    std::function<std::unique_ptr<Converger>(uint64_t term)> begin_term;
    // After each round, on the worker's thread, in order.
    std::function<void(const Round&)> round;
  };
  struct LastLook {
    Snapshot snapshot;
    absl::Time when;
    absl::Duration began;  // monotonic, or a little before
  };
  // How the last round ended.
  struct Standing {
    uint64_t begun = 0;   // rounds so far
    uint64_t rounds = 0;  // of these, that ended
    RoundEnd end = RoundEnd::kFailed;
    Plan plan;
    absl::Status status;
  };

  // `clock` outlives this. Idle until Start.
  GroupWorker(std::string group, Options options, Hooks hooks, Clock* clock);
  // Stops.
  ~GroupWorker();

  void Start();
  // No round runs afterwards. Blocks for the one under way.
  void Stop();
  void Wake();

  // A look: a fresh one, or the one that the round under way makes. Any controller may look.
  absl::StatusOr<LastLook> Look();
  std::optional<LastLook> last_look() const;
  Standing standing() const;
  // Blocks until `done` of the standing (asked after each round), or `timeout`; false then. A round
  // that began after some call has a number greater than `begun` was at that call.
  bool WaitFor(absl::FunctionRef<bool(const Standing&)> done, absl::Duration timeout) const;

  // Runs `change` while no round of the group runs, and wakes the group. ABORTED GROUP_BUSY when
  // the round under way does not end soon.
  absl::Status Exclusively(absl::FunctionRef<absl::Status()> change);

 private:
  void Loop();
  // Rounds until a rest is due; returns its length.
  absl::Duration Rounds();
  absl::Duration RestAfter(const Round& round);
  Round OneRound(uint64_t term);
  void Note(const Round& round, absl::Duration began);

  // The right to use the converger. The worker's own wish goes before others'.
  void Claim() ABSL_LOCKS_EXCLUDED(mutex_);
  bool TryClaim(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mutex_);
  // False once there is a look that began since then, or when it does not get the claim in time.
  bool ClaimUnlessLooked(absl::Duration since, absl::Duration patience) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string group_;
  const Options options_;
  const Hooks hooks_;
  Clock* const clock_;

  // Used by whoever has claimed.
  std::unique_ptr<Converger> converger_;
  std::optional<uint64_t> term_;

  // Only the worker's thread.
  absl::Duration rest_ = absl::ZeroDuration();

  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;
  bool claimed_ ABSL_GUARDED_BY(mutex_) = false;
  bool round_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  Standing standing_ ABSL_GUARDED_BY(mutex_);
  std::optional<LastLook> last_look_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace weft::controller
