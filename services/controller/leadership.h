#pragma once
// Who of several controllers acts: the holder of the store's lease row (design section 4, rule 10).
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Takes, renews and loses the lease. Thread-safe. Never reads a wall clock: a challenger takes a
// lease only after its own monotonic clock saw the row stand still for the ttl, and a holder acts
// only while its own clock says that no challenger can have done so.
class Leadership {
 public:
  struct Options {
    // Of this controller, for people. The row holds it with a random suffix, so that a process
    // that was restarted, or configured with another's name, is not taken for the holder.
    std::string name;
    absl::Duration ttl = absl::Seconds(2);
    // Acting ends this long before a challenger may begin: covers the time between the check and
    // the arrival of what was checked, and the drift of two clocks over one ttl.
    absl::Duration margin = absl::Milliseconds(400);
    // Between two renewals; another's lease is looked at four times as often. Zero starts no
    // thread: a test calls Step.
    absl::Duration period = absl::Milliseconds(400);
  };
  struct Listener {
    // All on the lease's thread, which renews nothing meanwhile: return soon.
    // A new term was won; MayAct() is not true for it yet.
    std::function<void(const Lease& lease)> won;
    // MayAct() is true from now on: first after `won`, and after each lapse that nobody used.
    std::function<void()> may_act;
    // Another controller holds the lease now. Not called when the store is merely down.
    std::function<void()> lost;
  };

  // `store` and `clock` outlive this.
  Leadership(Options options, Store* store, Clock* clock, Listener listener);
  ~Leadership();

  void Start();
  // Ends the thread and gives the lease up, so that the next controller need not wait for the ttl.
  void Stop();

  // The local check of rule 10: now < send time of the last successful renewal + ttl - margin.
  // A few nanoseconds; called before each step.
  bool MayAct() const;
  // The same for a term that the caller began to work under.
  bool MayAct(uint64_t term) const;
  // Won last; 0 before the first.
  uint64_t term() const { return term_.load(std::memory_order_acquire); }
  // Another's lease was seen to be renewed: somebody else leads, and lives.
  bool Follows() const { return follows_.load(std::memory_order_acquire); }
  // The row as last seen; holder without its suffix.
  Lease lease() const;
  bool StoreUp() const;
  // OK, or UNAVAILABLE: NOT_LEADING (another holds it, named in the metadata), LEASE_LAPSED (this
  // one holds it and could not renew it in time), STORE_DOWN; or FAILED_PRECONDITION: what the
  // store lacks, NO_SCHEMA.
  absl::Status Check() const;

  // One renewal, look or take-over. Blocks up to the store's deadline.
  void Step();

 private:
  void Loop();
  void Renew(const Lease& held);
  void Watch();
  void Take(const Lease& seen);
  void Saw(const absl::StatusOr<Lease>& row);
  void BecomeHolder(const Lease& lease, absl::Duration sent);
  void ActUntil(absl::Duration sent);
  void StopHolding();
  // Until the next Step: a period, or less where a lease may be taken before its end.
  absl::Duration Rest() const;

  const Options options_;
  const std::string holder_;
  Store* const store_;
  Clock* const clock_;
  const Listener listener_;

  // Monotonic nanoseconds until which this process may act; read without a lock.
  std::atomic<int64_t> act_until_{0};
  std::atomic<uint64_t> term_{0};
  std::atomic<bool> follows_{false};

  mutable Mutex mutex_;
  CondVar stopping_changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Lease row_ ABSL_GUARDED_BY(mutex_);                  // as last seen
  absl::Status store_status_ ABSL_GUARDED_BY(mutex_);  // of the last call

  // Only the stepping thread.
  std::optional<Lease> held_;
  std::optional<Lease> watched_;  // another's row, unchanged since...
  absl::Duration watched_since_;
  std::thread thread_;
};

}  // namespace weft::controller
