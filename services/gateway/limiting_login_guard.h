#pragma once
// The login guard of a gateway: slows failed logins down, and reports them to the controllers for
// the record.
#include <atomic>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/access/login_limiter.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/login_reports.h"
#include "services/gateway/login_guard.h"

namespace weft::gateway {

// The guards of all wires of one gateway. Thread-safe; nothing blocks.
class LimitingLoginGuards {
 public:
  // `reports` and `clock` outlive this.
  LimitingLoginGuards(const access::LoginLimiter::Options& options, rpc::LoginReports* reports,
                      Clock* clock)
      : reports_(reports), clock_(clock), limiter_(options) {}

  // The guard of one wire: "xmlrpc", "mysql". They share what they know of clients. Not
  // longer-lived than this.
  std::unique_ptr<LoginGuard> For(absl::string_view protocol);

 private:
  class Guard;

  bool MayTry(absl::string_view peer, absl::string_view user);
  void Failed(absl::string_view protocol, absl::string_view peer, absl::string_view user);
  void Succeeded(absl::string_view peer, absl::string_view user);
  // Forgets what is old, and sees whether there is anything left.
  void Tidy() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  rpc::LoginReports* const reports_;
  Clock* const clock_;

  // Nobody has failed of late: the way of nearly every request, without a lock.
  std::atomic<bool> quiet_{true};
  Mutex mutex_;
  access::LoginLimiter limiter_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::gateway
