#pragma once
// MySQL-RPC over TCP (32275): old connectors and MySQL Router log in as if this were a MySQL
// server, and CALL Fabric's commands.
//
// Without TLS, as the original: the login proves the password without showing it, but what is
// asked and answered can be read on the network.
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/metrics.h"
#include "services/gateway/executor.h"
#include "services/gateway/login_guard.h"
#include "services/gateway/users.h"

namespace weft::gateway {

class MysqlListener {
 public:
  struct Options {
    // host:port; port 0 takes a free one.
    std::string listen;
    // False lets everybody in, who then may do all. Only on a loopback address.
    bool asks_for_login = true;

    // None of them owned, all outlive the listener. `guard` and `metrics` may be nullptr. `users`
    // may be without a login is asked for.
    Executor* executor = nullptr;
    const Users* users = nullptr;
    LoginGuard* guard = nullptr;
    rpc::Metrics* metrics = nullptr;

    // Each with its own connections. They read, answer lookups and write.
    int threads = 2;
    // Who comes when there are as many is told so (error 1040) and turned away.
    size_t max_connections = 8192;
    size_t max_connections_per_peer = 0;  // Of one address; 0: as many as there may be.
    // From the connection to the end of the login.
    absl::Duration login_deadline = absl::Seconds(10);
    // From the first byte of a command to its last, whatever drips in meanwhile.
    absl::Duration command_deadline = absl::Seconds(10);
    // A connection without a command is closed after that; the original's value.
    absl::Duration idle_timeout = absl::Seconds(300);
    // In which a client must have taken an answer.
    absl::Duration send_deadline = absl::Seconds(30);
    // What all clients together have not yet taken of their answers. A client whose answer does
    // not fit any more is cut off.
    size_t max_unsent_bytes = 64 << 20;
    // What the end of the listener gives to commands that are being executed.
    absl::Duration drain_deadline = absl::Seconds(2);
  };

  // INVALID_ARGUMENT for a malformed address, FAILED_PRECONDITION INSECURE_LISTENER or
  // ADDRESS_IN_USE, with what to do.
  static absl::StatusOr<std::unique_ptr<MysqlListener>> Start(Options options);
  // Accepts no more, ends idle connections at once and the others with their answer, at the latest
  // after drain_deadline. What the executor says later goes nowhere.
  virtual ~MysqlListener() = default;

  // The port really bound.
  virtual int port() const = 0;
  // Connections open now.
  virtual size_t connections() const = 0;
};

}  // namespace weft::gateway
