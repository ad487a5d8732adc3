#pragma once

#include <map>
#include <optional>
#include <set>
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
  bool own_account = false;  // it logs in with the account that is its own (replica_account.h)
  ThreadState receiver = ThreadState::kOff;
  // The receiver's last attempt reached the source, which did not let it in.
  bool login_refused = false;
  // The receiver was started and its first attempt to reach the source has not ended.
  bool first_attempt = false;
  bool applier_running = false;
  std::string receiver_error;
  std::string applier_error;
  // Since the last event or heartbeat came in; nullopt when none ever did or it is not known.
  std::optional<absl::Duration> heard_ago;
  // How often a source that has nothing to send lets it hear; infinite: not at all. nullopt when it
  // is not known.
  std::optional<absl::Duration> heartbeat_period;
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
  // kRejected: it answers, but a clone or a rewind of it has not ended, so that nothing that it
  // says of itself may be believed. What it had of its own is gone, or was saved before.
  bool unwhole = false;
  std::string error;  // what went wrong, for people
  // How long the contact has been other than kAnswered without a break; zero when answered.
  absl::Duration silent_for = absl::ZeroDuration();

  ServerUuid uuid;
  std::string version;  // "9.7.4"
  bool read_only = false;
  bool super_read_only = false;  // on 5.6, which has none: equals read_only
  // It accepts writes, and no persisted setting has it refuse them from its next start on.
  // What its option file says of that nobody can ask a running server.
  bool may_start_writable = false;
  // Why Weft cannot persist such a setting, for people; empty where it can, or where nobody asked.
  std::string no_closed_start_because;
  bool offline = false;               // offline_mode: clients and replicas are cut off
  bool can_semi_sync = false;         // the version has lossless semi-sync (5.7 and later)
  bool receiver_only_change = false;  // it can be repointed with the applier running (5.7.4 on)
  GtidSet executed;
  GtidSet received;  // by the channel's receiver; lost with the relay log
  GtidSet purged;
  Replication replication;
  SemiSync semi_sync;
  // Replicas that have an account of their own here, and whether it is locked.
  std::map<ServerUuid, bool> accounts;
  bool gives_accounts = false;  // Weft can make such accounts here
  // Why not, for people; empty where it can, or where nobody asked.
  std::string no_accounts_because;
  // Servers that receive this server's binary log now (from its dump threads).
  std::vector<ServerUuid> streaming_to;

  bool reached() const { return contact == Contact::kAnswered; }
  GtidSet Held() const { return received.Union(executed); }

  friend bool operator==(const Observation&, const Observation&) = default;
};

// What the monitors say of one server. Built from their live reports (stale ones are dropped
// before they come here, and so is the word of a monitor that reaches nothing of all it watches: it
// is cut off itself).
struct Report {
  int observers = 0;    // monitors with a live report on this server
  int unreachable = 0;  // of these, how many could not reach it
  int blind = 0;        // not among these: monitors that reach no server at all
  // The zones that the observers watch from, "" for those that name none; and of these the zones of
  // those that could not reach it.
  std::set<std::string> zones = {};
  std::set<std::string> lost_in = {};
  // Of the observers: those that probe whether it can commit, and of these those whose probes have
  // failed for a while (the controller's HealthTable says how long). What one of these was told.
  int writers = 0;
  int write_failing = 0;
  std::string write_error = {};
  // Of the observers: those that it does not let in, and what one of these was told.
  int rejected = 0;
  std::string reject_error = {};
  // How far it is behind, by the observer that says the least; nullopt: none knows.
  std::optional<absl::Duration> lag = {};
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
  // off and acknowledging nothing, as it has been at every look since: "read after its return"
  // (rule 4).
  std::optional<GtidSet> returned;
  // Commits on the primary were waiting for acknowledgements when `returned` was taken; it is taken
  // anew when they begin to, and when they no longer do.
  bool returned_while_commits_wait = false;
  // At the last look that reached it, in whichever epoch, it logged in to its source with its own
  // account. No other was given to it since: Weft makes accounts for servers that answer alone.
  bool own_account = false;
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

  // Fewer servers have acknowledged than commits need, for this long; zero when enough do, or may
  // (LacksAcknowledgements).
  absl::Duration unacknowledged_for = absl::ZeroDuration();
  // After this long a group that is set to `continue` goes on without acknowledgements.
  absl::Duration continue_after = absl::Seconds(5);

  // How long an automatic failover must wait yet because of the one before it (S24), and because a
  // program forbade the last one.
  absl::Duration cool_down = absl::ZeroDuration();
  absl::Duration hook_rest = absl::ZeroDuration();
  // How long the primary of record has executed nothing, at looks in a row that reached it.
  absl::Duration still_for = absl::ZeroDuration();
  // How long enough acknowledgers have held all that the primary had executed, at each look.
  absl::Duration abreast_for = absl::ZeroDuration();
  // The shortest such time at which it may be called unable to commit.
  absl::Duration sick_after = absl::Seconds(3);
  // The program that is told of the last change, as the record says, was begun by this controller
  // and has not ended.
  bool program_runs = false;
  // The primary of record was to hand over in this epoch, could not, and has not been well since.
  bool hand_over_failed = false;
  // How long its quorum of monitors has found no connection left on it; zero: they are let in.
  absl::Duration crowded_for = absl::ZeroDuration();
  // How long the windows that are open last yet, by server uuid; "" is the whole group.
  std::map<std::string, absl::Duration> maintenance;
  // How far replicas were behind when the primary last answered.
  std::map<ServerUuid, absl::Duration> lags;
  // Secondaries that are to take no reads for now (core/drain.h), with how far they are behind.
  std::map<ServerUuid, absl::Duration> drained;
  // By server; one without an entry has no marks.
  std::map<ServerUuid, Marks> marks;
  // Set once they have been there for a while (core/memory.h), and kept while the primary is
  // silent: they may have acknowledged its last commits.
  std::optional<Strangers> strangers;
  // A look at this epoch has found none: from then on one look that finds some proves nothing.
  bool once_without_strangers = false;

  // The observation of `uuid`; an unreachable one where the server was not looked at.
  const Observation& Of(const ServerUuid& uuid) const;
};

}  // namespace weft::controller
