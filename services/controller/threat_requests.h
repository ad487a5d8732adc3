#pragma once
// What clients say of servers that fail them. It makes Weft look and counts as one more monitor for
// a while; it never replaces the look.
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/metrics.h"
#include "services/controller/health_table.h"
#include "services/controller/reconciler.h"
#include "services/controller/server_requests.h"

namespace weft::controller {

// Thread-safe.
class ThreatRequests {
 public:
  struct Options {
    // Errors of one server within the interval, by so many reporters, that make Weft look at it
    // (the thresholds of the original). At least 1 each.
    absl::Duration interval = absl::Seconds(60);
    size_t errors = 300;
    size_t reporters = 50;
    // The most reports kept of one server; as many as the thresholds need in any case.
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
    std::string request_id = {};  // empty: not protected against repetition
  };

  // All outlive the object.
  struct Ports {
    Reconciler* reconciler = nullptr;
    ServerRequests* servers = nullptr;
    HealthTable* health = nullptr;
    Store* store = nullptr;
    rpc::Metrics* metrics = nullptr;
    Clock* clock = nullptr;
  };

  ThreatRequests(const Options& options, const Ports& ports);

  // A suspicion. NOT_FOUND for an unknown server.
  absl::Status ReportError(const Threat& threat);
  // A claim: the server is looked at now. Returns the failover under way, where there is one.
  absl::StatusOr<std::optional<Operation>> ReportFailure(const Threat& threat);

 private:
  // Counted from zero on, so that the first is seen as a change.
  struct Counters {
    rpc::Counter noted;      // errors below the thresholds
    rpc::Counter suspected;  // errors that led to a look
    rpc::Counter claimed;    // claims of death: always looked at
  };
  struct Report {
    absl::Duration when;
    std::string reporter;  // or the report's id
  };

  void Record(const Server& server, const Threat& threat, absl::string_view what);
  absl::StatusOr<std::optional<Operation>> LatestFailover(const std::string& group,
                                                          absl::Time since);
  bool IsOverThreshold(const ServerUuid& server, const std::string& reporter);
  // The same report was taken within the interval; otherwise it is from now on.
  bool IsRepeated(const ServerUuid& server, const std::string& request_id);

  const Options options_;
  const Ports ports_;
  const Counters counters_;
  Mutex mutex_;
  std::map<ServerUuid, std::deque<Report>> reports_ ABSL_GUARDED_BY(mutex_);
  // Ids of the reports taken last, the oldest first.
  std::map<ServerUuid, std::deque<Report>> taken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
