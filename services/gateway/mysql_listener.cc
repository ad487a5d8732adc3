#include "services/gateway/mysql_listener.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/rpc/address.h"
#include "services/gateway/mysql_connection.h"
#include "services/gateway/mysqlrpc/packets.h"
#include "services/gateway/mysqlrpc/replies.h"

namespace weft::gateway {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// How many connections there are, in all and of each address. Thread-safe; connections that end
// late keep it.
class Places {
 public:
  Places(size_t all, size_t per_peer, rpc::Metrics* metrics) : all_(all), per_peer_(per_peer) {
    if (metrics == nullptr) return;
    open_ = metrics->GetGauge("gateway_mysql_connections", "MySQL-RPC connections open now.");
    refused_ =
        metrics->GetCounter("gateway_mysql_connections_refused_total",
                            "MySQL-RPC connections turned away because there were too many.");
  }

  bool Take(const std::string& address) {
    MutexLock lock(&mutex_);
    const auto found = of_peer_.find(address);
    const size_t of_peer = found == of_peer_.end() ? 0 : found->second;
    if (taken_ >= all_ || (per_peer_ > 0 && of_peer >= per_peer_)) {
      if (refused_.has_value()) refused_->Increment();
      return false;
    }
    ++taken_;
    ++of_peer_[address];
    if (open_.has_value()) open_->Set(static_cast<double>(taken_));
    return true;
  }
  void Leave(const std::string& address) {
    MutexLock lock(&mutex_);
    --taken_;
    if (--of_peer_[address] == 0) of_peer_.erase(address);
    if (open_.has_value()) open_->Set(static_cast<double>(taken_));
  }
  size_t taken() const {
    MutexLock lock(&mutex_);
    return taken_;
  }

 private:
  const size_t all_;
  const size_t per_peer_;
  std::optional<rpc::Gauge> open_;
  std::optional<rpc::Counter> refused_;
  mutable Mutex mutex_;
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, size_t> of_peer_ ABSL_GUARDED_BY(mutex_);
};

// After an accept failed for want of descriptors, say.
constexpr std::chrono::milliseconds kAcceptPause(100);

class Listener : public MysqlListener {
 public:
  explicit Listener(const Options& options)
      : places_(std::make_shared<Places>(options.max_connections, options.max_connections_per_peer,
                                         options.metrics)) {
    const auto shared = std::make_shared<MysqlShared>(options);
    for (int i = 0; i < std::max(options.threads, 1); ++i) {
      loops_.push_back(std::make_shared<MysqlLoop>(shared));
    }
    acceptor_.emplace(loops_.front()->io());
    pause_.emplace(loops_.front()->io());
  }

  ~Listener() override {
    if (is_running_) {
      boost::asio::post(loops_.front()->io(), [this] {
        error_code ignored;
        acceptor_->close(ignored);
        pause_->cancel(ignored);
      });
      for (const auto& loop : loops_) loop->Drain();
      for (const auto& loop : loops_) loop->Join();
    }
    acceptor_.reset();
    pause_.reset();
  }

  absl::Status Listen(const rpc::Endpoint& endpoint) {
    WEFT_RETURN_IF_ERROR(rpc::CheckBindable(endpoint));
    error_code error;
    tcp::resolver resolver(loops_.front()->io());
    const auto found =
        resolver.resolve(endpoint.host, absl::StrCat(endpoint.port), tcp::resolver::passive, error);
    if (!error) {
      const tcp::endpoint address = found.begin()->endpoint();
      acceptor_->open(address.protocol(), error);
      if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
      if (!error) acceptor_->bind(address, error);
      if (!error) acceptor_->listen(boost::asio::socket_base::max_listen_connections, error);
      if (!error) port_ = acceptor_->local_endpoint(error).port();
    }
    if (error) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "CANNOT_LISTEN",
                     absl::StrCat("MySQL-RPC cannot listen on ", endpoint.ToString()),
                     "a free address", error.message(), "choose another address");
    }
    Accept();
    is_running_ = true;
    for (const auto& loop : loops_) loop->Run();
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  size_t connections() const override { return places_->taken(); }

 private:
  void Accept() {
    MysqlLoop* const loop = loops_[next_++ % loops_.size()].get();
    acceptor_->async_accept(loop->io(), [this, loop](const error_code& error, tcp::socket socket) {
      if (!acceptor_->is_open()) return;
      if (error) return Pause(error);
      Welcome(loop, std::move(socket));
      Accept();
    });
  }

  void Pause(const error_code& why) {
    WEFT_LOG(kWarning, "a MySQL-RPC connection could not be accepted", {{"error", why.message()}});
    pause_->expires_after(kAcceptPause);
    pause_->async_wait([this](const error_code& error) {
      if (!error && acceptor_->is_open()) Accept();
    });
  }

  void Welcome(MysqlLoop* loop, tcp::socket socket) {
    error_code error;
    const tcp::endpoint remote = socket.remote_endpoint(error);
    if (error) return;  // It has gone already.
    const std::string address = remote.address().to_string(error);
    if (!places_->Take(address)) return TurnAway(std::move(socket));
    const std::string peer = rpc::Endpoint{.host = address, .port = remote.port()}.ToString();
    auto on_close = [places = places_, address] { places->Leave(address); };
    boost::asio::post(loop->io(), [loop, peer, socket = std::move(socket),
                                   on_close = std::move(on_close)]() mutable {
      loop->Adopt(std::move(socket), std::move(peer), std::move(on_close));
    });
  }

  static void TurnAway(tcp::socket socket) {
    mysqlrpc::PacketWriter out(0);
    out.Append(mysqlrpc::ErrorPayload({1040, "08004", "Too many connections"}));
    const std::string bytes = out.Take();
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(boost::asio::buffer(bytes), ignored);
  }

  const std::shared_ptr<Places> places_;
  std::vector<std::shared_ptr<MysqlLoop>> loops_;
  // Of the first loop, and used on its thread only once that runs.
  std::optional<tcp::acceptor> acceptor_;
  std::optional<boost::asio::steady_timer> pause_;
  size_t next_ = 0;
  int port_ = 0;
  bool is_running_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlListener>> MysqlListener::Start(Options options) {
  WEFT_ASSIGN_OR_RETURN(const rpc::Endpoint endpoint, rpc::ParseEndpoint(options.listen));
  if (!options.asks_for_login && !rpc::IsLoopback(endpoint.host)) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "INSECURE_LISTENER",
        absl::StrCat("MySQL-RPC on ", options.listen, " would let everybody do anything"),
        "a login, or a loopback address", "neither", "ask for logins, or listen on 127.0.0.1");
  }
  auto listener = std::make_unique<Listener>(options);
  WEFT_RETURN_IF_ERROR(listener->Listen(endpoint));
  return listener;
}

}  // namespace weft::gateway
