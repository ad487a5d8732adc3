#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"

namespace weft::controller {

// How the last attempt to talk to a server ended.
enum class Contact {
  kAnswered,     // a fenced session of this term answered every question
  kRejected,     // it is alive but did not let us in: too many connections, password, TLS
  kUnreachable,  // refused, timed out, or the connection died
};

enum class ThreadState { kOff, kConnecting, kOn };

// The receiver and applier of a replica, as the replica itself says.
struct Replication {
  bool configured = false;  // it has a source on record, running or not
  HostPort source;
  ServerUuid source_uuid;  // empty until it connected once
  bool auto_position = false;
  ThreadState receiver = ThreadState::kOff;
  bool applier_running = false;
  std::string receiver_error;
  std::string applier_error;
  // Since the last event or heartbeat came in; nullopt when none ever did or it is not known.
  std::optional<absl::Duration> heard_ago;
  absl::Duration lag = absl::ZeroDuration();

  friend bool operator==(const Replication&, const Replication&) = default;
};

// Semi-synchronous replication, as the server itself says.
struct SemiSync {
  bool installed = false;  // both plugins are there
  bool source_enabled = false;
  bool source_endless = false;  // timeout at its maximum, wait_no_replica ON, AFTER_SYNC
  uint32_t source_wait_for = 0;
  bool source_active = false;  // it has not fallen back to asynchronous
  uint32_t source_clients = 0;
  // Disarmed, but its thread for acknowledgements still attends to replicas that have left: for a
  // second or two it would hear no others (seen on 9.7), and commits would wait that long.
  bool source_deaf = false;
  uint32_t source_waiting = 0;   // commits that wait for an acknowledgement at this moment
  bool replica_enabled = false;  // the flag: ON proves no restart since admission (rule 4)
  // The receiver runs and acknowledges. OFF with the flag ON and a receiver that is connected: it
  // connected before flag or source had semi-sync, and acknowledges nothing until it follows anew.
  bool replica_active = false;
  // The flag is set at start by a config file or a persisted value, so ON proves nothing.
  bool replica_preset = false;

  friend bool operator==(const SemiSync&, const SemiSync&) = default;
};

// What one server said of itself in one look, or that it said nothing.
// A server that answered is at one instant; `executed` is read after `received`.
struct Observation {
  Contact contact = Contact::kUnreachable;
  bool refused = false;  // kUnreachable: nobody listens on the port (the process is gone)
  std::string error;     // what went wrong, for people
  // How long the contact has been other than kAnswered without a break; zero when answered.
  absl::Duration silent_for = absl::ZeroDuration();

  ServerUuid uuid;
  std::string version;  // "9.7.4"
  bool read_only = false;
  bool super_read_only = false;       // on 5.6, which has none: equals read_only
  bool can_semi_sync = false;         // the version has lossless semi-sync (5.7 and later)
  bool receiver_only_change = false;  // it can be repointed with the applier running (5.7.4 on)
  GtidSet executed;
  GtidSet received;  // by the channel's receiver; lost with the relay log
  GtidSet purged;
  Replication replication;
  SemiSync semi_sync;
  // Servers that receive this server's binary log now (from its dump threads).
  std::vector<ServerUuid> streaming_to;

  bool reached() const { return contact == Contact::kAnswered; }
  GtidSet Held() const { return received.Union(executed); }

  friend bool operator==(const Observation&, const Observation&) = default;
};

// What the monitors say of one server. Built from their live reports (stale ones are dropped
// before they come here).
struct Report {
  int observers = 0;    // monitors with a live report on this server
  int unreachable = 0;  // of these, how many could not reach it
  friend bool operator==(const Report&, const Report&) = default;
};

// What earlier looks of the same controller in the same epoch say of one server, by way of what the
// primary had executed then (core/memory.h keeps it). Absent after a change of leader until enough
// looks were made again: then less is proven, never more.
struct Marks {
  // What the primary had executed at a look before which this server had already been seen unable
  // to acknowledge, and has been at every look since. It covers every commit that relied on it.
  std::optional<GtidSet> unable;
  // What the primary had executed at a look that found this server with its semi-sync replica flag
  // off, as it has been at every look since: "read after its return" (rule 4).
  std::optional<GtidSet> returned;
  // Commits on the primary were waiting for acknowledgements when `returned` was taken; it is taken
  // anew when they begin to.
  bool returned_while_commits_wait = false;
  // It was seen with replica_preset at the last look that reached it.
  bool preset = false;

  friend bool operator==(const Marks&, const Marks&) = default;
};

// The primary counts more semi-sync replicas than the record's acknowledgers explain: a commit may
// have been acknowledged by somebody whom no failover would ask (rule 3).
struct Strangers {
  uint32_t connected = 0;  // semi-sync replicas that the primary counts
  uint32_t known = 0;      // of these, acknowledgers of the record
  // Replicas of the primary that may be the others. Fewer than the others when the primary does not
  // list them; more when some of them only replicate.
  std::vector<ServerUuid> servers;

  friend bool operator==(const Strangers&, const Strangers&) = default;
};

// One look at one group: its record, then its servers. Input of Decide, Verdict and Findings.
struct Snapshot {
  Group group;
  // Every server of the group has an entry. Replicas were read before the primary.
  std::map<ServerUuid, Observation> seen;
  std::map<ServerUuid, Report> reports;
  // How long the old primary has been fenced for the current intent; zero when it is not.
  absl::Duration write_stopped_for = absl::ZeroDuration();
  // How long the intent has been to fence the primary for another; zero when it is not.
  absl::Duration switching_for = absl::ZeroDuration();
  // A primary is not dead while a replica heard from it more recently than this.
  absl::Duration heard_threshold = absl::Milliseconds(1500);
  // An acknowledger whose process is gone may be narrowed out after this long.
  absl::Duration narrow_after = absl::Seconds(5);

  // How long an automatic failover must wait yet because of the one before it (S24).
  absl::Duration cool_down = absl::ZeroDuration();
  // By server; one without an entry has no marks.
  std::map<ServerUuid, Marks> marks;
  // Set once they have been there for a while (core/memory.h), and kept while the primary is
  // silent: they may have acknowledged its last commits.
  std::optional<Strangers> strangers;

  // The observation of `uuid`; an unreachable one where the server was not looked at.
  const Observation& Of(const ServerUuid& uuid) const;
};

}  // namespace weft::controller
