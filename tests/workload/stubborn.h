#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"

namespace weft::testing {

// Clients that never follow a change of primary: for each server two, which try to write to it, and
// to it alone, for ever. One holds its session and waits long for an answer, as an application with
// a pool does: it hears of a commit that is let go late. The other gives up after a moment and logs
// in again: it gets in as soon as anybody can. Every OK is told with its instants, so that a
// checker can see two servers accepting writes at once. Writes a table of its own.
class Stubborn {
 public:
  struct Options {
    std::vector<HostPort> servers;
    std::string user;
    std::string password;  // secret
    std::string database;
    uint64_t first_id = 1;                           // as Writer's
    absl::Duration period = absl::Milliseconds(20);  // between two tries of one client
    absl::Duration held_timeout = absl::Seconds(15);
    absl::Duration fresh_timeout = absl::Seconds(1);
  };
  // A commit that the client was told of. Instants are of Clock::MonotonicNow.
  struct Ok {
    uint64_t id = 0;
    std::string server_uuid;      // as the server itself said when the session began
    absl::Duration sent;          // before the statement was sent
    absl::Duration acknowledged;  // after its OK arrived
  };
  // Called from any of the clients' threads; may block.
  using Listener = std::function<void(const Ok& ok)>;

  Stubborn(Options options, Clock* clock, Listener listener);
  // Blocks until statements under way have ended, at most held_timeout.
  ~Stubborn();

  void Start();

 private:
  struct Client {
    HostPort server;
    absl::Duration timeout;
    uint64_t next_id = 0;
    std::unique_ptr<mysql::Session> session;
    std::string uuid;
  };

  void Loop(Client client);
  bool Connected(Client& client);
  void Try(Client& client);

  const Options options_;
  Clock* const clock_;
  const Listener listener_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace weft::testing
