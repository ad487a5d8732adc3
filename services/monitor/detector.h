#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace weft::monitor {

// How one attempt to talk to a server ended.
enum class Contact {
  kAnswered,
  kRejected,     // alive, but it did not let us in: too many connections, password, TLS (S30)
  kUnreachable,  // refused, timed out, or the connection died
};

// What a server said of its replication; all empty on a server that replicates from nobody.
struct Replication {
  std::string receiver;  // "on", "connecting", "off", or "" for no source
  bool applier_running = false;
  std::string error;  // of either thread
  std::optional<absl::Duration> lag;

  friend bool operator==(const Replication&, const Replication&) = default;
};

// The outcome of one probe.
struct Sample {
  Contact contact = Contact::kUnreachable;
  bool refused = false;  // kUnreachable: nobody listens on the port
  bool hung_up = false;  // kUnreachable: the other side ended the connection
  std::string error;
  absl::Duration latency = absl::ZeroDuration();
  Replication replication;
  bool writable = false;
  std::string executed;  // GTID set, as the server prints it

  friend bool operator==(const Sample&, const Sample&) = default;
};

// What the write probe of a server says.
struct Pulse {
  bool probed = false;  // a heartbeat is written to it, or would be if it could be
  // Since the first attempt after the last one that succeeded; nullopt when that was the last.
  std::optional<absl::Duration> failing;
  std::string error;  // of the last attempt; empty while it waits, and when it succeeded

  friend bool operator==(const Pulse&, const Pulse&) = default;
};

// What a monitor says of a server now.
struct Opinion {
  Contact contact = Contact::kAnswered;
  bool refused = false;
  std::string error;
  absl::Time since;  // of contact and of the replication threads' states; for display
  absl::Duration steady_since = absl::ZeroDuration();  // the same, monotonic
  Sample last;  // the last answer, or the failure when there was none yet
  Pulse pulse;  // not the detector's: whoever reports adds it

  friend bool operator==(const Opinion&, const Opinion&) = default;
};

// Whether a heartbeat may be written to a server of which that is thought: one that has just come
// back may have been deposed meanwhile, and the controllers must have had the time to look at it.
// `now` is monotonic.
bool MayWrite(const Opinion& opinion, absl::Duration now);

// Forms an opinion from samples. Pure: time is an argument; no thread, no I/O. Not thread-safe.
//
// A closed port is believed at once: it takes a machine to refuse. Silence is believed only when
// no answer came for `patience` and at least `silent_probes` probes in a row failed, since one lost
// packet is no death. A single answer ends any doubt.
class Detector {
 public:
  struct Options {
    absl::Duration patience = absl::Milliseconds(1500);
    int silent_probes = 2;
  };

  // `now`: monotonic; `wall`: for display.
  Detector(Options options, absl::Duration now, absl::Time wall);

  // Returns true when the opinion changed in a way that controllers must hear of at once: contact,
  // refused, thread states, errors, or whether it accepts writes.
  bool Take(const Sample& sample, absl::Duration now, absl::Time wall);

  // False until a first opinion can be given: a server that never answered is not called dead
  // before its silence has lasted as long as anybody's.
  bool has_opinion() const { return formed_; }
  // REQUIRES: has_opinion().
  const Opinion& opinion() const { return opinion_; }

 private:
  Contact Judge(const Sample& sample, absl::Duration now) const;

  const Options options_;
  bool formed_ = false;
  Opinion opinion_;
  absl::Duration last_heard_;  // monotonic time of the last sign of life
  int failures_ = 0;           // silent probes in a row
};

}  // namespace weft::monitor
