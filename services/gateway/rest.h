#pragma once
// The answers of HTTP 32270: checks of load balancers, the topology as JSON, health and metrics.
// docs/http.md says what each path means. Everything is read from memory: an answer costs no call,
// and goes on while every controller is gone. Nothing can be changed here, and nobody logs in.
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/metrics.h"
#include "services/gateway/http/server.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// Thread-safe; never blocks for long.
class Rest {
 public:
  // Both outlive this.
  Rest(const Routes* routes, rpc::Metrics* metrics);

  http::Response Answer(const http::Request& request) const;

 private:
  // The body of a whole list, which is made once for each snapshot, however many ask.
  struct Kept {
    std::shared_ptr<const RouteSnapshot> snapshot;
    std::shared_ptr<const std::string> body;
  };

  http::Response Route(const http::Request& request) const;
  http::Response OfTopology(const http::Request& request) const;
  http::Response Ready() const;
  http::Response WholeList(const std::string& name,
                           const std::shared_ptr<const RouteSnapshot>& snapshot) const;
  // Made anew for each who asks, but for those who are slow to take it: they hold one text for each
  // second, however many they are.
  std::shared_ptr<const std::string> MetricsText() const;

  void Count(int code) const;

  const Routes* const routes_;
  rpc::Metrics* const metrics_;
  // By code; all that there are.
  std::map<int, rpc::Counter> answers_;
  mutable Mutex mutex_;
  mutable std::map<std::string, Kept> kept_ ABSL_GUARDED_BY(mutex_);
  mutable std::weak_ptr<const std::string> metrics_text_ ABSL_GUARDED_BY(mutex_);
  mutable absl::Duration metrics_text_made_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway
