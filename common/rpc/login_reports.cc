#include "common/rpc/login_reports.h"

#include <algorithm>
#include <utility>

#include "common/access/login_limiter.h"
#include "common/log/log.h"
#include "common/rpc/leader_client.h"
#include "common/rpc/status.h"
#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::rpc {
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

LoginReports::LoginReports(Options options, std::shared_ptr<Controllers> controllers,
                           Metrics* metrics, Clock* clock)
    : options_(std::move(options)),
      controllers_(std::move(controllers)),
      metrics_(metrics),
      clock_(clock),
      failures_(kMaxRows),
      thread_([this] { Loop(); }) {}

LoginReports::~LoginReports() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    wake_.NotifyAll();
  }
  interrupt_.Raise();
  thread_.join();
}

void LoginReports::Failed(absl::string_view protocol, absl::string_view user,
                          absl::string_view peer) {
  metrics_
      ->GetCounter("login_failures_total", "Logins that failed.",
                   {{"protocol", std::string(protocol)}})
      .Increment();
  if (controllers_ == nullptr) return;
  MutexLock lock(&mutex_);
  failures_.Add(protocol, user, peer, clock_->Now());
}

bool LoginReports::Deliver(const v1::ReportLoginsRequest& report) {
  const LeaderClient client(controllers_, &interrupt_);
  const auto outcome =
      client.Run(options_.deadline,
                 [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
                   v1::ReportLoginsResponse response;
                   return v1::Users::Stub(channel).ReportLogins(context, report, &response);
                 });
  if (outcome.status.ok()) return true;
  WEFT_LOG(kInfo, "failed logins not reported yet", {{"error", outcome.status}});
  return false;
}

void LoginReports::Loop() {
  mutex_.Lock();
  while (!stop_) {
    clock_->WaitFor(&wake_, &mutex_, options_.period);
    if (stop_ || failures_.empty()) continue;
    v1::ReportLoginsRequest report = failures_.Take();
    mutex_.Unlock();
    report.set_gateway(options_.process);
    const bool delivered = Deliver(report);
    mutex_.Lock();
    if (!delivered) failures_.Add(report);
  }
  mutex_.Unlock();
}

}  // namespace weft::rpc
