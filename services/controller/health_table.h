#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/listeners.h"

namespace weft::controller {

// What each live monitor last said of each server. Thread-safe; never blocks.
class HealthTable {
 public:
  struct Options {
    // A monitor that has not completed a round for this long has no vote.
    absl::Duration live_for = absl::Seconds(3);
    // Nothing of it is kept after this long.
    absl::Duration forget_after = absl::Minutes(10);
    // How long the claim of clients that a server is dead is a vote.
    absl::Duration claimed_for = absl::Seconds(5);
    // A server is said to be unable to commit once a monitor's writes have failed for this long.
    absl::Duration sick_after = absl::Seconds(3);
  };

  struct Entry {
    std::string observer;
    std::string zone;
    ServerUuid server;
    HostPort address;  // that it looked at
    Contact contact = Contact::kUnreachable;
    bool refused = false;  // kUnreachable: nobody listens on the port
    std::string error;
    absl::Time since;        // by the monitor's clock, for display
    absl::Time received;     // wall, for display
    absl::Duration latency;  // of the last probe
    std::optional<absl::Duration> lag;
    std::string receiver;  // "on", "connecting", "off", "" (replicates from nobody)
    bool applier_running = false;
    std::string replication_error;
    std::string executed_gtids;
    bool writable = false;
    bool write_probed = false;  // the monitor writes its heartbeat to it
    // For how long it has not succeeded in that; nullopt: the last one did, or none was made.
    std::optional<absl::Duration> write_failing;
    std::string write_error;  // empty: it waits
  };

  // One server in a word, by all live monitors.
  struct Vitals {
    Contact contact = Contact::kUnreachable;  // the best that one of them says
    std::optional<absl::Duration> lag;        // nullopt: it does not replicate
    friend bool operator==(const Vitals&, const Vitals&) = default;
  };

  // `clock` outlives the table.
  HealthTable(Options options, Clock* clock);

  // Whether what came over `stream` may speak as `observer`; `instance` is the process, empty where
  // it does not say. ALREADY_EXISTS while another process does, whose stream is open and not silent
  // for `live_for`.
  absl::Status Admit(const std::string& observer, const std::string& instance, const void* stream);
  // That stream has ended.
  void Leave(const std::string& observer, const void* stream);

  // Takes one report; a full round replaces everything the observer said before. Returns the
  // servers of which it says something new (contact, refusal), for the caller to wake groups.
  std::vector<ServerUuid> Take(const std::string& observer, const std::string& zone,
                               const std::vector<Entry>& entries, bool full_round);

  // Clients claim that the server is dead: together they count as one more monitor that lost it,
  // beside those there are. So they hasten a verdict where monitors disagree, and make none.
  void TakeClaim(const ServerUuid& server);
  // Votes of live monitors on the named servers: input of a Snapshot. A server nobody speaks of
  // has no entry. A monitor that watches several servers and hears of none of their machines, not
  // even a refusal, is cut off itself and has no vote.
  std::map<ServerUuid, Report> Reports(const std::vector<ServerUuid>& servers) const;
  // What live monitors say, in the order of `servers`, then by observer.
  std::vector<Entry> Entries(const std::vector<ServerUuid>& servers) const;
  // Every server that a live monitor speaks of.
  std::map<ServerUuid, Vitals> AllVitals() const;
  int LiveObservers() const;
  // Called after each report.
  Listeners& listeners() { return listeners_; }

 private:
  std::vector<ServerUuid> Record(const std::string& name, const std::string& zone,
                                 const std::vector<Entry>& entries, bool full_round);
  struct Observer {
    std::string zone;
    absl::Duration last_round;  // monotonic
    std::map<ServerUuid, Entry> entries;
  };

  // The stream by which an observer speaks.
  struct Speaker {
    std::string instance;
    const void* stream = nullptr;
    absl::Duration heard;  // monotonic
  };

  bool Live(const Observer& observer, absl::Duration now) const;
  static bool Blind(const Observer& observer);
  void CountGray(const Entry& entry, Report* report) const;
  void DropDead(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Clock* const clock_;
  mutable Mutex mutex_;
  std::map<std::string, Observer> observers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Speaker> speakers_ ABSL_GUARDED_BY(mutex_);       // by observer
  std::map<ServerUuid, absl::Duration> claimed_ ABSL_GUARDED_BY(mutex_);  // when, monotonic
  Listeners listeners_;
};

}  // namespace weft::controller
