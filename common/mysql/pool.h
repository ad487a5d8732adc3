#pragma once
// A bounded set of sessions to one server, for callers of many threads. Used for the state store:
// when the store is down every Acquire says so at once, and none hangs.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/mysql/session.h"

namespace weft::mysql {

struct PoolOptions {
  ConnectOptions connect;
  // In use at once; idle ones are the rest of them.
  size_t max_sessions = 8;
  // How long Acquire waits for a free session when all are in use.
  absl::Duration acquire_timeout = absl::Seconds(1);
  // An idle session older than this is closed rather than handed out (the server's wait_timeout is
  // longer).
  absl::Duration max_idle = absl::Minutes(5);
  // An idle session that rested longer than this is pinged before it is handed out.
  absl::Duration ping_after = absl::Seconds(1);
};

// Thread safe.
class Pool {
 public:
  // A session on loan; gives it back when destroyed. A broken session is dropped, as is one that
  // was left in a transaction (call set_discard() on such a path).
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

    Session* operator->() const { return session_.get(); }
    Session& operator*() const { return *session_; }
    Session* get() const { return session_.get(); }

    // The session is closed, not reused, when the lease ends.
    void set_discard() { discard_ = true; }

   private:
    friend class Pool;
    Lease(Pool* pool, std::unique_ptr<Session> session, uint64_t generation)
        : pool_(pool), session_(std::move(session)), generation_(generation) {}
    void Release();

    Pool* pool_;
    std::unique_ptr<Session> session_;
    uint64_t generation_;
    bool discard_ = false;
  };

  struct Counts {
    size_t idle = 0;
    size_t in_use = 0;
  };

  // `clock` outlives the pool. Connects to nothing yet.
  Pool(const PoolOptions& options, Clock* clock);
  // For tests and for callers with their own way in (the admin port when the server is full).
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Session>>(const ConnectOptions&)>;
  Pool(const PoolOptions& options, Clock* clock, Opener opener);
  // REQUIRES: no lease is out.
  ~Pool();

  // A session that worked a moment ago. UNAVAILABLE at once when the server is down (the error of
  // Session::Open), RESOURCE_EXHAUSTED after acquire_timeout when all sessions stay in use.
  // Connecting happens outside the lock.
  absl::StatusOr<Lease> Acquire();

  // Closes every idle session, and those in use when they come back: after a change of password or
  // server. Later connections use `connect`.
  void Reset(const ConnectOptions& connect);

  Counts counts() const;

 private:
  struct Idle {
    std::unique_ptr<Session> session;
    absl::Duration since;
  };

  // Counts one more session in use, as soon as there is room.
  absl::Status TakeSlot(const Deadline& deadline);
  std::vector<Idle> TakeExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(std::unique_ptr<Session> session, uint64_t generation, bool discard);

  const PoolOptions options_;
  Clock* const clock_;
  const Opener opener_;

  mutable Mutex mutex_;
  CondVar freed_;
  ConnectOptions connect_ ABSL_GUARDED_BY(mutex_);
  // Counts the resets: a session of an earlier generation is not kept.
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Idle> idle_ ABSL_GUARDED_BY(mutex_);  // the most recently used last
  size_t in_use_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weft::mysql
