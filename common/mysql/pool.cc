#include "common/mysql/pool.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::mysql {

Pool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      session_(std::move(other.session_)),
      generation_(other.generation_),
      discard_(other.discard_) {}

Pool::Lease& Pool::Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  Release();
  pool_ = std::exchange(other.pool_, nullptr);
  session_ = std::move(other.session_);
  generation_ = other.generation_;
  discard_ = other.discard_;
  return *this;
}

Pool::Lease::~Lease() { Release(); }

void Pool::Lease::Release() {
  if (pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->GiveBack(std::move(session_), generation_, discard_);
}

Pool::Pool(const PoolOptions& options, Clock* clock)
    : Pool(options, clock, [](const ConnectOptions& connect) { return Session::Open(connect); }) {}

Pool::Pool(const PoolOptions& options, Clock* clock, Opener opener)
    : options_(options), clock_(clock), opener_(std::move(opener)), connect_(options.connect) {}

Pool::~Pool() = default;

absl::StatusOr<Pool::Lease> Pool::Acquire() {
  const Deadline deadline = Deadline::After(clock_, options_.acquire_timeout);
  absl::Status slot = TakeSlot(deadline);
  if (!slot.ok()) return slot;
  while (true) {
    ConnectOptions connect;
    uint64_t generation = 0;
    std::unique_ptr<Session> session;
    std::vector<Idle> expired;  // destroyed, and so closed, outside the lock
    absl::Duration rested = absl::ZeroDuration();
    {
      MutexLock lock(&mutex_);
      expired = TakeExpired();
      connect = connect_;
      generation = generation_;
      if (!idle_.empty()) {
        session = std::move(idle_.back().session);
        rested = clock_->MonotonicNow() - idle_.back().since;
        idle_.pop_back();
      }
    }
    if (session == nullptr) {
      absl::StatusOr<std::unique_ptr<Session>> opened = opener_(connect);
      if (opened.ok()) return Lease(this, *std::move(opened), generation);
      GiveBack(nullptr, generation, /*discard=*/true);
      return opened.status();
    }
    // The server may have restarted while the session rested.
    if (rested <= options_.ping_after || session->Ping().ok()) {
      return Lease(this, std::move(session), generation);
    }
  }
}

absl::Status Pool::TakeSlot(const Deadline& deadline) {
  MutexLock lock(&mutex_);
  while (in_use_ >= options_.max_sessions) {
    const absl::Duration left = deadline.Remaining();
    if (left <= absl::ZeroDuration()) {
      return Refusal(absl::StatusCode::kResourceExhausted, "SESSIONS_IN_USE",
                     absl::StrCat("no free session to ", connect_.Address()),
                     absl::StrCat("one within ", absl::FormatDuration(options_.acquire_timeout)),
                     absl::StrCat("all ", options_.max_sessions, " in use"),
                     "try again, or allow more sessions");
    }
    clock_->WaitFor(&freed_, &mutex_, left);
  }
  ++in_use_;
  return absl::OkStatus();
}

std::vector<Pool::Idle> Pool::TakeExpired() {
  const absl::Duration oldest = clock_->MonotonicNow() - options_.max_idle;
  std::vector<Idle> expired;
  // The longest idle come first.
  size_t count = 0;
  while (count < idle_.size() && idle_[count].since < oldest) ++count;
  for (size_t i = 0; i < count; ++i) expired.push_back(std::move(idle_[i]));
  idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(count));
  return expired;
}

void Pool::GiveBack(std::unique_ptr<Session> session, uint64_t generation, bool discard) {
  std::unique_ptr<Session> dropped;  // closed outside the lock
  MutexLock lock(&mutex_);
  --in_use_;
  freed_.NotifyOne();
  if (discard || session == nullptr || session->broken() || generation != generation_) {
    dropped = std::move(session);
    return;
  }
  idle_.push_back({std::move(session), clock_->MonotonicNow()});
}

void Pool::Reset(const ConnectOptions& connect) {
  std::vector<Idle> closed;
  MutexLock lock(&mutex_);
  connect_ = connect;
  ++generation_;
  closed.swap(idle_);
}

Pool::Counts Pool::counts() const {
  MutexLock lock(&mutex_);
  return {.idle = idle_.size(), .in_use = in_use_};
}

}  // namespace weft::mysql
