#include "services/gateway/limiting_login_guard.h"

#include <string>

namespace weft::gateway {

class LimitingLoginGuards::Guard : public LoginGuard {
 public:
  Guard(LimitingLoginGuards* all, absl::string_view protocol) : all_(all), protocol_(protocol) {}

  bool MayTry(absl::string_view peer, absl::string_view user) override {
    return all_->MayTry(peer, user);
  }
  void Failed(absl::string_view peer, absl::string_view user) override {
    all_->Failed(protocol_, peer, user);
  }
  void Succeeded(absl::string_view peer, absl::string_view user) override {
    all_->Succeeded(peer, user);
  }

 private:
  LimitingLoginGuards* const all_;
  const std::string protocol_;
};

std::unique_ptr<LoginGuard> LimitingLoginGuards::For(absl::string_view protocol) {
  return std::make_unique<Guard>(this, protocol);
}

void LimitingLoginGuards::Tidy() {
  limiter_.Expire(clock_->MonotonicNow());
  quiet_.store(limiter_.size() == 0, std::memory_order_relaxed);
}

bool LimitingLoginGuards::MayTry(absl::string_view peer, absl::string_view user) {
  if (quiet_.load(std::memory_order_relaxed)) return true;
  const std::string key = access::PeerKey(peer);
  MutexLock lock(&mutex_);
  Tidy();
  return limiter_.Wait(key, user, clock_->MonotonicNow()) == absl::ZeroDuration();
}

void LimitingLoginGuards::Failed(absl::string_view protocol, absl::string_view peer,
                                 absl::string_view user) {
  const std::string key = access::PeerKey(peer);
  reports_->Failed(protocol, user, key);
  MutexLock lock(&mutex_);
  limiter_.Failed(key, user, clock_->MonotonicNow());
  quiet_.store(false, std::memory_order_relaxed);
}

void LimitingLoginGuards::Succeeded(absl::string_view peer, absl::string_view user) {
  if (quiet_.load(std::memory_order_relaxed)) return;
  const std::string key = access::PeerKey(peer);
  MutexLock lock(&mutex_);
  limiter_.Succeeded(key, user);
  Tidy();
}

}  // namespace weft::gateway
