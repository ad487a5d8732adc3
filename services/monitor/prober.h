#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/monitor/beat_log.h"
#include "services/monitor/detector.h"

namespace weft::monitor {

// Looks at one server over one held session. Not thread-safe, but for Wake().
class Prober {
 public:
  struct Options {
    std::string user;
    // Asked before each connection, as the password changes while running; a failure leaves the one
    // of before. Returns a secret.
    std::function<absl::StatusOr<std::string>()> password;
    mysql::TlsMode tls = mysql::TlsMode::kPreferred;
    std::string ca_file;
    // For one probe over a held session; opening one takes up to a second, the client library's
    // resolution. With a rest of half a second a hung server is so known after 1.5 to 2 s.
    absl::Duration deadline = absl::Milliseconds(500);
    // Name of this monitor, as its heartbeats bear it, and when those were written; none: how far a
    // replica is behind is its own word alone, in whole seconds.
    std::string observer;
    BeatLog* beats = nullptr;
  };

  Prober(Options options, HostPort address, Clock* clock);
  ~Prober();

  // One probe: opens a session if none is held, asks, and says how it ended. Blocks at most the
  // deadline plus a second. A session that failed is dropped, and tried anew at once where it died
  // of old age (a server that restarted must not look dead for one probe).
  Sample Probe();

  // Sleeps until `timeout` is over, the held connection dies, or Wake() is called. A dying
  // connection is seen within a millisecond, so the next probe finds a dead server at once.
  void Rest(absl::Duration timeout);

  // Ends a Rest early, also the next one. Any thread.
  void Wake();

 private:
  absl::Status Open();
  absl::Status Ask(Sample& sample);
  // How far a replica of `source` is behind by the heartbeats in its data; nullopt where they do
  // not tell.
  absl::StatusOr<std::optional<absl::Duration>> LagBehind(const HostPort& source);

  const Options options_;
  const HostPort address_;
  Clock* const clock_;
  int wake_fd_;  // an eventfd
  std::string password_;
  std::unique_ptr<mysql::Session> session_;
};

}  // namespace weft::monitor
