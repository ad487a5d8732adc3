#include "services/gateway/http/connection_table.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace weft::gateway::http {
namespace {

using Phase = Connection::Phase;

struct Received {
  // What the kernel has received on the socket so far, read by the server or not.
  uint64_t bytes = 0;
  // The client will send no more.
  bool ended = false;
};

Received ReceivedOn(int socket) {
  constexpr int kCloseWait = 8;  // TCP_CLOSE_WAIT, which only headers of other names have
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return {};
  return {info.tcpi_bytes_received, info.tcpi_state == kCloseWait};
}

}  // namespace

Connection* ConnectionTable::Add(int socket, std::string peer) {
  auto connection = std::make_unique<Connection>(socket, std::move(peer));
  connection->since_ = now_.load();
  Shard* const shard = ShardOf(connection.get());
  ++size_;
  MutexLock lock(&shard->mutex);
  shard->connections.insert(connection.get());
  return connection.release();
}

void ConnectionTable::Remove(Connection* connection) {
  Shard* const shard = ShardOf(connection);
  {
    MutexLock lock(&shard->mutex);
    shard->connections.erase(connection);
  }
  --size_;
  delete connection;
}

void ConnectionTable::Enter(Connection* connection, Phase phase) {
  connection->since_.store(now_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  connection->phase_.store(phase, std::memory_order_relaxed);
  if (phase == Phase::kIdle) connection->requests_.fetch_add(1, std::memory_order_release);
}

bool ConnectionTable::IsLate(Connection* connection, int64_t now, absl::Duration idle_timeout) {
  const uint64_t requests = connection->requests_.load(std::memory_order_acquire);
  const Phase phase = connection->phase_.load(std::memory_order_relaxed);
  const int64_t since = connection->since_.load(std::memory_order_relaxed);
  const bool new_request = requests != connection->swept_requests_;
  if (new_request) {
    connection->swept_requests_ = requests;
    connection->begun_ = 0;
    connection->ended_ = false;
  }
  const auto past = [now](int64_t begin, absl::Duration limit) {
    return absl::Nanoseconds(now - begin) > limit;
  };
  switch (phase) {
    case Phase::kIdle: {
      const Received received = ReceivedOn(connection->socket_);
      if (new_request) connection->bytes_before_ = received.bytes;
      if (connection->begun_ == 0 && received.bytes > connection->bytes_before_) {
        connection->begun_ = now;
      }
      // libmicrohttpd misses an end that arrives together with the last bytes.
      if (received.ended && std::exchange(connection->ended_, true)) return true;
      if (connection->begun_ != 0) return past(connection->begun_, limits_.request_deadline);
      return past(since, idle_timeout);
    }
    case Phase::kReading:
      return past(connection->begun_ != 0 ? std::min(connection->begun_, since) : since,
                  limits_.request_deadline);
    case Phase::kAnswering:
      return false;
    case Phase::kWriting:
      return past(since, limits_.write_deadline);
  }
  return false;
}

void ConnectionTable::Sweep(absl::Duration now) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(now);
  now_.store(nanoseconds);
  const bool crowded = size() > limits_.connections - limits_.connections / 8;
  const absl::Duration idle_timeout =
      crowded ? std::min(limits_.idle_timeout, limits_.request_deadline) : limits_.idle_timeout;
  for (Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    for (Connection* connection : shard.connections) {
      if (IsLate(connection, nanoseconds, idle_timeout)) shutdown(connection->socket_, SHUT_RDWR);
    }
  }
}

}  // namespace weft::gateway::http
