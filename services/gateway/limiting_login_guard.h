#pragma once
// The login guard of a gateway: slows failed logins down, counts them, and reports them to the
// controllers for the record.
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/access/login_limiter.h"
#include "common/base/clock.h"
#include "common/base/interrupt.h"
#include "common/base/mutex.h"
#include "common/rpc/controllers.h"
#include "common/rpc/metrics.h"
#include "protos/weft/v1/users.pb.h"
#include "services/gateway/login_guard.h"

namespace weft::gateway {

// What failed and was not told of yet, by protocol, user and client. Bounded: what does not fit is
// counted. Not thread-safe.
class FailedLoginTable {
 public:
  explicit FailedLoginTable(size_t max_rows) : max_rows_(max_rows) {}

  void Add(absl::string_view protocol, absl::string_view user, absl::string_view peer,
           absl::Time when);
  // Takes what there is; an empty request when there is nothing.
  v1::ReportLoginsRequest Take();
  // What could not be delivered comes back.
  void Add(const v1::ReportLoginsRequest& undelivered);
  bool empty() const { return rows_.empty() && others_ == 0; }

 private:
  struct Row {
    uint64_t count = 0;
    absl::Time last;
  };
  void Add(const std::tuple<std::string, std::string, std::string>& key, const Row& row);

  const size_t max_rows_;
  std::map<std::tuple<std::string, std::string, std::string>, Row> rows_;
  uint64_t others_ = 0;
};

// The guards of all wires of one gateway. Thread-safe. Nothing but the thread of the reports
// blocks.
class LimitingLoginGuards {
 public:
  struct Options {
    std::string gateway;  // its name, for people
    access::LoginLimiter::Options limiter;
    // Between two reports, and the longest that one may take.
    absl::Duration report_period = absl::Seconds(2);
    absl::Duration report_deadline = absl::Seconds(5);
  };

  // `controllers` may be nullptr: nothing is reported. `metrics` and `clock` outlive this.
  LimitingLoginGuards(Options options, std::shared_ptr<rpc::Controllers> controllers,
                      rpc::Metrics* metrics, Clock* clock);
  // Gives up a report under way.
  ~LimitingLoginGuards();

  // The guard of one wire: "xmlrpc", "mysql", "http". They share what they know of clients. Not
  // longer-lived than this.
  std::unique_ptr<LoginGuard> For(absl::string_view protocol);

 private:
  class Guard;

  bool MayTry(absl::string_view peer, absl::string_view user);
  void Failed(absl::string_view protocol, absl::string_view peer, absl::string_view user);
  void Succeeded(absl::string_view peer, absl::string_view user);
  void Loop();
  bool Deliver(const v1::ReportLoginsRequest& report);

  const Options options_;
  const std::shared_ptr<rpc::Controllers> controllers_;
  rpc::Metrics* const metrics_;
  Clock* const clock_;
  Interrupt interrupt_;

  // Nobody has failed of late: the way of nearly every request, without a lock.
  std::atomic<bool> quiet_{true};
  Mutex mutex_;
  CondVar wake_;
  access::LoginLimiter limiter_ ABSL_GUARDED_BY(mutex_);
  FailedLoginTable failures_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace weft::gateway
