#include "services/gateway/limiting_login_guard.h"

#include <utility>

#include "common/log/log.h"
#include "common/rpc/leader_client.h"
#include "common/rpc/status.h"
#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::gateway {
namespace {

// Of a ReportLogins request.
constexpr size_t kMaxRows = 1000;
}  // namespace

void FailedLoginTable::Add(const std::tuple<std::string, std::string, std::string>& key,
                           const Row& row) {
  const auto found = rows_.find(key);
  if (found == rows_.end() && rows_.size() >= max_rows_) {
    others_ += row.count;
    return;
  }
  Row& kept = rows_[key];
  kept.count += row.count;
  kept.last = std::max(kept.last, row.last);
}

void FailedLoginTable::Add(absl::string_view protocol, absl::string_view user,
                           absl::string_view peer, absl::Time when) {
  Add({std::string(protocol), access::Shown(user), access::Shown(peer)}, Row{1, when});
}

v1::ReportLoginsRequest FailedLoginTable::Take() {
  v1::ReportLoginsRequest report;
  for (const auto& [key, row] : rows_) {
    v1::FailedLogins* const failure = report.add_failures();
    failure->set_protocol(std::get<0>(key));
    failure->set_user(std::get<1>(key));
    failure->set_peer(std::get<2>(key));
    failure->set_count(row.count);
    failure->mutable_last_time()->set_seconds(absl::ToUnixSeconds(row.last));
  }
  report.set_others(std::exchange(others_, 0));
  rows_.clear();
  return report;
}

void FailedLoginTable::Add(const v1::ReportLoginsRequest& undelivered) {
  for (const v1::FailedLogins& failure : undelivered.failures()) {
    Add({failure.protocol(), failure.user(), failure.peer()},
        Row{failure.count(), absl::FromUnixSeconds(failure.last_time().seconds())});
  }
  others_ += undelivered.others();
}

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

LimitingLoginGuards::LimitingLoginGuards(Options options,
                                         std::shared_ptr<rpc::Controllers> controllers,
                                         rpc::Metrics* metrics, Clock* clock)
    : options_(std::move(options)),
      controllers_(std::move(controllers)),
      metrics_(metrics),
      clock_(clock),
      limiter_(options_.limiter),
      failures_(kMaxRows),
      thread_([this] { Loop(); }) {}

LimitingLoginGuards::~LimitingLoginGuards() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    wake_.NotifyAll();
  }
  interrupt_.Raise();
  thread_.join();
}

std::unique_ptr<LoginGuard> LimitingLoginGuards::For(absl::string_view protocol) {
  return std::make_unique<Guard>(this, protocol);
}

bool LimitingLoginGuards::MayTry(absl::string_view peer, absl::string_view user) {
  if (quiet_.load(std::memory_order_relaxed)) return true;
  const std::string key = access::PeerKey(peer);
  MutexLock lock(&mutex_);
  return limiter_.Wait(key, user, clock_->MonotonicNow()) == absl::ZeroDuration();
}

void LimitingLoginGuards::Failed(absl::string_view protocol, absl::string_view peer,
                                 absl::string_view user) {
  metrics_
      ->GetCounter("login_failures_total", "Logins that failed.",
                   {{"protocol", std::string(protocol)}})
      .Increment();
  const std::string key = access::PeerKey(peer);
  MutexLock lock(&mutex_);
  limiter_.Failed(key, user, clock_->MonotonicNow());
  quiet_.store(false, std::memory_order_relaxed);
  failures_.Add(protocol, user, key, clock_->Now());
}

void LimitingLoginGuards::Succeeded(absl::string_view peer, absl::string_view user) {
  if (quiet_.load(std::memory_order_relaxed)) return;
  const std::string key = access::PeerKey(peer);
  MutexLock lock(&mutex_);
  limiter_.Succeeded(key, user);
  quiet_.store(limiter_.size() == 0, std::memory_order_relaxed);
}

bool LimitingLoginGuards::Deliver(const v1::ReportLoginsRequest& report) {
  if (controllers_ == nullptr) return true;
  const rpc::LeaderClient client(controllers_, &interrupt_);
  const auto outcome =
      client.Run(options_.report_deadline,
                 [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
                   v1::ReportLoginsResponse response;
                   return v1::Users::Stub(channel).ReportLogins(context, report, &response);
                 });
  if (outcome.status.ok()) return true;
  WEFT_LOG(kInfo, "failed logins not reported yet", {{"error", outcome.status}});
  return false;
}

void LimitingLoginGuards::Loop() {
  mutex_.Lock();
  while (!stop_) {
    clock_->WaitFor(&wake_, &mutex_, options_.report_period);
    limiter_.Expire(clock_->MonotonicNow());
    quiet_.store(limiter_.size() == 0, std::memory_order_relaxed);
    if (stop_ || failures_.empty()) continue;
    v1::ReportLoginsRequest report = failures_.Take();
    mutex_.Unlock();
    report.set_gateway(options_.gateway);
    const bool delivered = Deliver(report);
    mutex_.Lock();
    if (!delivered) failures_.Add(report);
  }
  mutex_.Unlock();
}

}  // namespace weft::gateway
