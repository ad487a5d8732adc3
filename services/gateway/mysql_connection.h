#pragma once
// Private to the MySQL-RPC listener: one connection, and what the connections of a thread share.
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/time/time.h"
#include "common/rpc/metrics.h"
#include "services/gateway/mysql_listener.h"
#include "services/gateway/mysqlrpc/conversation.h"
#include "services/gateway/reply.h"

namespace weft::gateway {

// What all threads share. Thread-safe.
struct MysqlShared {
  explicit MysqlShared(const MysqlListener::Options& given);

  const MysqlListener::Options options;
  std::atomic<uint32_t> last_connection_id = 0;
  std::atomic<size_t> unsent_bytes = 0;

  struct Counters {
    rpc::Counter calls;
    rpc::Counter logins;
    rpc::Counter denied;
    rpc::Counter slow;
  };
  void Count(rpc::Counter Counters::*counter) const {
    if (counters.has_value()) ((*counters).*counter).Increment();
  }
  // nullopt where nobody wants metrics.
  std::optional<Counters> counters;
};

class MysqlConnection;

// A thread and its connections, which nothing else touches. Shared with what the executor has not
// yet answered, so that a late answer finds a queue, be it one that nobody reads any more.
class MysqlLoop : public std::enable_shared_from_this<MysqlLoop> {
 public:
  explicit MysqlLoop(std::shared_ptr<MysqlShared> shared);

  // REQUIRES: not yet called.
  void Run();
  // Any thread. Ends idle connections, and the others as they fall idle.
  void Drain();
  // REQUIRES: Drain was called. Blocks until all connections have ended.
  void Join();

  boost::asio::io_context& io() { return io_; }
  MysqlShared& shared() { return *shared_; }
  // On the thread of this loop only, as all that follows.
  void Adopt(boost::asio::ip::tcp::socket socket, std::string peer, std::function<void()> on_close);
  void Forget(MysqlConnection* connection) { connections_.erase(connection); }
  bool IsOwnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void Sweep();

  const std::shared_ptr<MysqlShared> shared_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  boost::asio::steady_timer sweep_;
  std::unordered_map<MysqlConnection*, std::shared_ptr<MysqlConnection>> connections_;
  bool is_draining_ = false;
  std::thread thread_;
};

// Lives on the thread of its loop. Kept by the loop until it is closed.
class MysqlConnection : public std::enable_shared_from_this<MysqlConnection> {
 public:
  MysqlConnection(MysqlLoop* loop, boost::asio::ip::tcp::socket socket, std::string peer,
                  std::function<void()> on_close);
  ~MysqlConnection();

  void Start();
  void Drain();
  void Close();
  // On the monotonic clock: when this connection is closed, whatever it does.
  absl::Duration deadline() const { return deadline_; }
  // Closes it, for its deadline has passed.
  void OnDeadline();

 private:
  enum class State { kReading, kSending, kExecuting, kLingering, kClosed };

  // Goes on until something must be waited for.
  void Proceed();
  void Receive();
  void OnReceived(size_t bytes);
  void SetReadDeadline();
  // True when all of it is with the system already.
  bool SendAll(std::shared_ptr<const std::string> bytes);
  void OnSent();
  void LogIn(const mysqlrpc::Login& login);
  // True when it is answered already, and the answer sent.
  bool Execute(fabric::Call call);
  // As SendAll.
  bool Answer(const Reply& reply);
  void End();
  void Linger();

  MysqlLoop* const loop_;
  MysqlShared& shared_;
  boost::asio::ip::tcp::socket socket_;
  const std::string peer_;
  std::function<void()> on_close_;
  mysqlrpc::Conversation conversation_;
  std::string user_;

  State state_ = State::kReading;
  absl::Duration deadline_;
  bool is_amid_command_ = false;
  // Close as soon as what is to be sent is sent.
  bool is_last_ = false;
  std::array<char, 1024> buffer_;
  // What is being sent. Kept alive by this, and counted.
  std::shared_ptr<const std::string> unsent_;
  size_t counted_bytes_ = 0;
  // While Execute runs, and what it said in that time on this thread.
  bool is_in_execute_ = false;
  std::optional<Reply> said_at_once_;
  size_t lingered_bytes_ = 0;
};

}  // namespace weft::gateway
