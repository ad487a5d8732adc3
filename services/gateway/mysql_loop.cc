#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "services/gateway/mysql_connection.h"

namespace weft::gateway {
namespace {

// Deadlines are looked at so often: one timer for all connections of a thread, not one for each.
absl::Duration SweepPeriod(const MysqlListener::Options& options) {
  const absl::Duration shortest =
      std::min({options.login_deadline, options.command_deadline, options.idle_timeout,
                options.send_deadline, options.drain_deadline});
  return std::clamp(shortest / 10, absl::Milliseconds(5), absl::Milliseconds(500));
}

}  // namespace

MysqlShared::MysqlShared(const MysqlListener::Options& given) : options(given) {
  if (options.metrics == nullptr) return;
  rpc::Metrics& metrics = *options.metrics;
  const auto logins = [&](const char* result) {
    return metrics.GetCounter("gateway_mysql_logins_total", "Logins over MySQL-RPC.",
                              {{"result", result}});
  };
  counters.emplace(Counters{
      .calls = metrics.GetCounter("gateway_mysql_calls_total", "CALLs over MySQL-RPC."),
      .logins = logins("ok"),
      .denied = logins("denied"),
      .slow = metrics.GetCounter("gateway_mysql_slow_readers_total",
                                 "Clients cut off because they did not take their answers."),
  });
}

MysqlLoop::MysqlLoop(std::shared_ptr<MysqlShared> shared)
    : shared_(std::move(shared)),
      io_(/*concurrency_hint=*/1),
      work_(io_.get_executor()),
      sweep_(io_) {}

void MysqlLoop::Run() {
  Sweep();
  thread_ = std::thread([this] { io_.run(); });
}

void MysqlLoop::Drain() {
  boost::asio::post(io_, [self = shared_from_this()] {
    self->is_draining_ = true;
    const auto connections = self->connections_;  // They forget themselves.
    for (const auto& [raw, connection] : connections) connection->Drain();
  });
}

void MysqlLoop::Join() {
  if (thread_.joinable()) thread_.join();
}

void MysqlLoop::Adopt(boost::asio::ip::tcp::socket socket, std::string peer,
                      std::function<void()> on_close) {
  if (is_draining_) return on_close();
  const auto connection = std::make_shared<MysqlConnection>(this, std::move(socket),
                                                            std::move(peer), std::move(on_close));
  connections_.emplace(connection.get(), connection);
  connection->Start();
}

void MysqlLoop::Sweep() {
  const absl::Duration now = RealClock::Get()->MonotonicNow();
  std::vector<std::shared_ptr<MysqlConnection>> late;
  for (const auto& [raw, connection] : connections_) {
    if (connection->deadline() <= now) late.push_back(connection);
  }
  for (const auto& connection : late) connection->OnDeadline();
  if (is_draining_ && connections_.empty()) {
    work_.reset();
    return;
  }
  sweep_.expires_after(absl::ToChronoNanoseconds(SweepPeriod(shared_->options)));
  sweep_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Sweep();
  });
}

}  // namespace weft::gateway
