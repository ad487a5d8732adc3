#pragma once
// What clients say of servers that fail them. It makes Weft look; it never replaces the look.
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/controller/reconciler.h"
#include "services/controller/server_requests.h"

namespace weft::controller {

// Thread-safe.
class ThreatRequests {
 public:
  struct Options {
    // Errors of one server within the interval, by so many reporters, that make Weft look at it
    // (the thresholds of the original).
    absl::Duration interval = absl::Seconds(60);
    size_t errors = 300;
    size_t reporters = 50;
    // The most reports kept of one server.
    size_t max_kept = 1000;
    // How long a claim of death waits for the verdict.
    absl::Duration verdict_deadline = absl::Seconds(3);
    // A failover that began this long before the claim is the answer to it.
    absl::Duration recent = absl::Seconds(5);
  };
  struct Threat {
    std::string server;  // as people name it
    std::string reporter;
    std::string error;
    std::string user;
  };

  // All outlive this.
  ThreatRequests(Options options, Reconciler* reconciler, ServerRequests* servers, Store* store,
                 Clock* clock)
      : options_(options),
        reconciler_(reconciler),
        servers_(servers),
        store_(store),
        clock_(clock) {}

  // A suspicion. NOT_FOUND for an unknown server.
  absl::Status ReportError(const Threat& threat);
  // A claim: the server is looked at now. Returns the failover under way, where there is one.
  absl::StatusOr<std::optional<Operation>> ReportFailure(const Threat& threat);

 private:
  struct Report {
    absl::Duration when;
    std::string reporter;
  };

  void Record(const Server& server, const Threat& threat, absl::string_view what);
  absl::StatusOr<std::optional<Operation>> LatestFailover(const std::string& group,
                                                          absl::Time since);
  bool IsOverThreshold(const ServerUuid& server, const std::string& reporter);

  const Options options_;
  Reconciler* const reconciler_;
  ServerRequests* const servers_;
  Store* const store_;
  Clock* const clock_;
  Mutex mutex_;
  std::map<ServerUuid, std::deque<Report>> reports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
