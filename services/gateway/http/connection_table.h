#pragma once
// The connections of one HTTP server, and which of them take too long. libmicrohttpd knows an idle
// timeout only, which a client that sends one byte a second never meets.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace weft::gateway::http {

class ConnectionTable;

// One open connection. Its thread of the server says what it does; Sweep looks on.
class Connection {
 public:
  enum class Phase {
    kIdle,       // between requests, or in the middle of a request line or header
    kReading,    // the header is there, the body not yet all
    kAnswering,  // the handler has it
    kWriting,
  };

  Connection(int socket, std::string peer) : socket_(socket), peer_(std::move(peer)) {}

  const std::string& peer() const { return peer_; }

 private:
  friend class ConnectionTable;

  const int socket_;
  const std::string peer_;
  std::atomic<Phase> phase_ = Phase::kIdle;
  // Nanoseconds of the table's time.
  std::atomic<int64_t> since_ = 0;
  // Requests done: Sweep sees by it that a request it had seen begin has ended.
  std::atomic<uint64_t> requests_ = 0;

  // Sweep's alone. Bytes that had been received when the connection was last seen idle after
  // `swept_requests_` requests; more than those are a request that has begun, at `begun_`.
  uint64_t swept_requests_ = 0;
  uint64_t bytes_before_ = 0;
  int64_t begun_ = 0;
  bool ended_ = false;  // it was seen then that the client will send no more
};

// Thread-safe. Time is an argument of Sweep; between two sweeps it stands still, which is exact
// enough for deadlines of seconds and costs no look at a clock for each request.
class ConnectionTable {
 public:
  struct Limits {
    size_t connections = 0;
    absl::Duration request_deadline;
    absl::Duration idle_timeout;
    absl::Duration write_deadline;
  };

  explicit ConnectionTable(const Limits& limits) : limits_(limits) {}

  // `socket` stays open until Remove was called, and that is called before it is closed.
  Connection* Add(int socket, std::string peer);
  void Remove(Connection* connection);
  void Enter(Connection* connection, Connection::Phase phase);
  size_t size() const { return size_.load(std::memory_order_relaxed); }

  // Shuts down the sockets of the connections that are past a deadline; their server then finds
  // them ended. To be called before the first Add and then every fraction of a second.
  void Sweep(absl::Duration now);

 private:
  struct Shard {
    Mutex mutex;
    absl::flat_hash_set<Connection*> connections ABSL_GUARDED_BY(mutex);
  };

  Shard* ShardOf(const Connection* connection) {
    return &shards_[static_cast<size_t>(connection->socket_) % shards_.size()];
  }
  bool IsLate(Connection* connection, int64_t now, absl::Duration idle_timeout);

  const Limits limits_;
  std::atomic<int64_t> now_ = 0;
  std::atomic<size_t> size_ = 0;
  // Many, so that a sweep over thousands does not hold up who connects.
  std::array<Shard, 16> shards_;
};

}  // namespace weft::gateway::http
