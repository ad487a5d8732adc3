#include "services/gateway/mysql_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/log/log.h"
#include "services/gateway/mysqlrpc/handshake.h"
#include "services/gateway/mysqlrpc/native_password.h"

namespace weft::gateway {
namespace {

using boost::system::error_code;

// A client that was told of its end gets so long, and so many bytes, to notice. Closing while it
// still sends would throw away the words it has not read yet.
constexpr absl::Duration kLinger = absl::Seconds(1);
constexpr size_t kMaxLingerBytes = 1 << 20;

absl::Duration Now() { return RealClock::Get()->MonotonicNow(); }

}  // namespace

MysqlConnection::MysqlConnection(MysqlLoop* loop, boost::asio::ip::tcp::socket socket,
                                 std::string peer, std::function<void()> on_close)
    : loop_(loop),
      shared_(loop->shared()),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      on_close_(std::move(on_close)),
      conversation_({.connection_id = ++loop->shared().last_connection_id,
                     .scramble = mysqlrpc::ScrambleOf(RandomBytes(mysqlrpc::kScrambleBytes)),
                     .asks_for_login = loop->shared().options.asks_for_login}),
      deadline_(Now() + loop->shared().options.login_deadline) {}

MysqlConnection::~MysqlConnection() { shared_.unsent_bytes -= counted_bytes_; }

void MysqlConnection::Start() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  Proceed();
}

void MysqlConnection::Drain() {
  is_last_ = true;
  const bool is_idle = state_ == State::kReading && !is_amid_command_;
  if (is_idle || state_ == State::kLingering) return Close();
  deadline_ = std::min(deadline_, Now() + shared_.options.drain_deadline);
}

void MysqlConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  error_code ignored;
  socket_.close(ignored);
  on_close_();
  loop_->Forget(this);
}

void MysqlConnection::OnDeadline() {
  if (state_ == State::kSending) shared_.Count(&MysqlShared::Counters::slow);
  Close();
}

void MysqlConnection::Proceed() {
  const auto self = shared_from_this();
  while (state_ != State::kClosed) {
    mysqlrpc::Step step = conversation_.Next();
    if (std::holds_alternative<mysqlrpc::Read>(step)) return Receive();
    is_amid_command_ = false;
    if (std::holds_alternative<mysqlrpc::Send>(step)) {
      if (!SendAll(std::make_shared<const std::string>(conversation_.TakeOutput()))) return;
    } else if (const auto* login = std::get_if<mysqlrpc::Login>(&step)) {
      LogIn(*login);
    } else if (auto* execute = std::get_if<mysqlrpc::Execute>(&step)) {
      if (!Execute(std::move(execute->statement.call))) return;
    } else {
      return End();
    }
  }
}

void MysqlConnection::SetReadDeadline() {
  // The deadline of the login was set when the connection came.
  if (!conversation_.is_ready()) return;
  const bool was_amid_command = std::exchange(is_amid_command_, conversation_.pending() > 0);
  if (!is_amid_command_) {
    deadline_ = Now() + shared_.options.idle_timeout;
    conversation_.Shrink();
  } else if (!was_amid_command) {
    deadline_ = Now() + shared_.options.command_deadline;
  }
}

void MysqlConnection::Receive() {
  if (is_last_) return Close();
  state_ = State::kReading;
  SetReadDeadline();
  socket_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](const error_code& error, size_t bytes) {
                            if (error) return self->Close();
                            self->OnReceived(bytes);
                          });
}

void MysqlConnection::OnReceived(size_t bytes) {
  if (state_ != State::kReading) return;
  conversation_.Receive(absl::string_view(buffer_.data(), bytes));
  Proceed();
}

bool MysqlConnection::SendAll(std::shared_ptr<const std::string> bytes) {
  error_code error;
  size_t sent = socket_.write_some(boost::asio::buffer(*bytes), error);
  if (error && error != boost::asio::error::would_block) {
    Close();
    return false;
  }
  if (error) sent = 0;
  if (sent == bytes->size()) return true;
  counted_bytes_ = bytes->size() - sent;
  if (shared_.unsent_bytes.fetch_add(counted_bytes_) + counted_bytes_ >
      shared_.options.max_unsent_bytes) {
    WEFT_LOG(kWarning, "cut off a client whose answer has no room left", {{"peer", peer_}});
    shared_.Count(&MysqlShared::Counters::slow);
    Close();
    return false;
  }
  unsent_ = std::move(bytes);
  state_ = State::kSending;
  deadline_ = Now() + shared_.options.send_deadline;
  boost::asio::async_write(socket_, boost::asio::buffer(unsent_->data() + sent, counted_bytes_),
                           [self = shared_from_this()](const error_code& failure, size_t) {
                             if (failure) return self->Close();
                             self->OnSent();
                           });
  return false;
}

void MysqlConnection::OnSent() {
  shared_.unsent_bytes -= std::exchange(counted_bytes_, 0);
  unsent_.reset();
  if (state_ == State::kSending) Proceed();
}

void MysqlConnection::LogIn(const mysqlrpc::Login& login) {
  LoginGuard* const guard = shared_.options.guard;
  const std::shared_ptr<const UserSnapshot> snapshot = shared_.options.users->Get();
  if (snapshot == nullptr) {
    return conversation_.Deny(": no controller has said yet who may log in");
  }
  if (guard != nullptr && !guard->MayTry(peer_, login.user)) {
    return conversation_.Deny(": too many logins failed, try again later");
  }
  const auto found = snapshot->users.find(login.user);
  const std::string hash = found == snapshot->users.end() ? "" : found->second.native_hash;
  if (!mysqlrpc::ProvesPassword(login.proof, conversation_.scramble(), hash)) {
    if (guard != nullptr) guard->Failed(peer_, login.user);
    shared_.Count(&MysqlShared::Counters::denied);
    return conversation_.Deny();
  }
  if (guard != nullptr) guard->Succeeded(peer_, login.user);
  shared_.Count(&MysqlShared::Counters::logins);
  user_ = login.user;
  conversation_.Admit();
}

bool MysqlConnection::Execute(fabric::Call call) {
  Executor& executor = *shared_.options.executor;
  const Caller caller{.user = user_, .peer = peer_};
  shared_.Count(&MysqlShared::Counters::calls);
  if (!executor.Knows(call.method)) {
    conversation_.RefuseUnknown();
    return true;
  }
  if (!executor.IsAllowed(caller, call.method)) {
    conversation_.RefuseDenied(user_);
    return true;
  }
  state_ = State::kExecuting;
  deadline_ = absl::InfiniteDuration();  // The executor keeps its own.
  is_in_execute_ = true;
  executor.Execute(caller, std::move(call),
                   [loop = loop_->shared_from_this(), weak = weak_from_this()](Reply reply) {
                     // Only this connection's own thread looks at it.
                     if (loop->IsOwnThread()) {
                       const auto self = weak.lock();
                       if (self != nullptr && self->is_in_execute_) {
                         self->said_at_once_ = std::move(reply);
                         return;
                       }
                     }
                     boost::asio::post(loop->io(), [weak, reply = std::move(reply)] {
                       const auto self = weak.lock();
                       if (self == nullptr || self->state_ != State::kExecuting) return;
                       if (self->Answer(reply)) self->Proceed();
                     });
                   });
  is_in_execute_ = false;
  if (!said_at_once_.has_value()) return false;
  return Answer(*std::exchange(said_at_once_, std::nullopt));
}

bool MysqlConnection::Answer(const Reply& reply) {
  const int ttl = shared_.options.executor->ttl();
  std::shared_ptr<const std::string> bytes;
  if (conversation_.may_send_rows()) {
    bytes = reply.Bytes(Wire::kMysqlRpc, ttl, [&] {
      return mysqlrpc::Conversation::Rows(*reply, ttl, conversation_.table());
    });
  } else {
    conversation_.Answer(*reply, ttl);
    bytes = std::make_shared<const std::string>(conversation_.TakeOutput());
  }
  return SendAll(std::move(bytes));
}

void MysqlConnection::End() {
  const std::string last = conversation_.TakeOutput();
  if (last.empty()) return Close();
  error_code error;
  socket_.write_some(boost::asio::buffer(last), error);
  if (error) return Close();
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
  if (error) return Close();
  state_ = State::kLingering;
  deadline_ = Now() + kLinger;
  Linger();
}

void MysqlConnection::Linger() {
  socket_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](const error_code& error, size_t bytes) {
                            self->lingered_bytes_ += bytes;
                            if (error || self->lingered_bytes_ > kMaxLingerBytes) {
                              return self->Close();
                            }
                            self->Linger();
                          });
}

}  // namespace weft::gateway
