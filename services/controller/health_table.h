#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/model/ids.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What each live monitor last said of each server. Thread-safe; never blocks.
class HealthTable {
 public:
  struct Options {
    // A monitor that has not completed a round for this long has no vote.
    absl::Duration live_for = absl::Seconds(3);
  };

  struct Entry {
    std::string observer;
    std::string zone;
    ServerUuid server;
    Contact contact = Contact::kUnreachable;
    bool refused = false;
    std::string error;
    absl::Time since;         // by the monitor's clock, for display
    absl::Time received;      // wall, for display
    absl::Duration latency;   // of the last probe
    absl::Duration lag;
    std::string receiver;     // "on", "connecting", "off", "" (replicates from nobody)
    bool applier_running = false;
    std::string replication_error;
    std::string executed_gtids;
    bool writable = false;
  };

  HealthTable(Options options, const Clock* clock);

  // Takes one report. Returns the servers whose contact changed, for the caller to wake groups.
  std::vector<ServerUuid> Take(const std::string& observer, const std::string& zone,
                               const std::vector<Entry>& entries, bool full_round);
  // The monitor's stream has ended: its votes lapse after live_for.
  void Lost(const std::string& observer);

  // Votes of live monitors on the named servers: input of a Snapshot.
  std::map<ServerUuid, Report> Reports(const std::vector<ServerUuid>& servers) const;
  std::vector<Entry> Entries(const std::vector<ServerUuid>& servers) const;
  int LiveObservers() const;

 private:
  struct Observer {
    std::string zone;
    absl::Duration last_round;  // monotonic
    std::map<ServerUuid, Entry> entries;
  };

  const Options options_;
  const Clock* const clock_;
  mutable Mutex mutex_;
  std::map<std::string, Observer> observers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
