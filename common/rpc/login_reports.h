#pragma once
// What a process tells the controllers of logins that failed at it, for the record.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/interrupt.h"
#include "common/base/mutex.h"
#include "common/rpc/controllers.h"
#include "common/rpc/metrics.h"
#include "protos/weft/v1/users.pb.h"

namespace weft::rpc {

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

// Counts failures as login_failures_total{protocol}, and reports them to the controller that leads.
// Thread-safe. Nothing but its own thread blocks.
class LoginReports {
 public:
  struct Options {
    std::string process;  // its name, for people
    // Between two reports, and the longest that one may take.
    absl::Duration period = absl::Seconds(2);
    absl::Duration deadline = absl::Seconds(5);
  };

  // `controllers` may be nullptr: nothing is reported. `metrics` and `clock` outlive this.
  LoginReports(Options options, std::shared_ptr<Controllers> controllers, Metrics* metrics,
               Clock* clock);
  // Gives up a report under way.
  ~LoginReports();

  // `protocol`: "grpc", "xmlrpc", "mysql"; `user` as the client gave it; `peer` without its port.
  void Failed(absl::string_view protocol, absl::string_view user, absl::string_view peer);

 private:
  void Loop();
  bool Deliver(const v1::ReportLoginsRequest& report);

  const Options options_;
  const std::shared_ptr<Controllers> controllers_;
  Metrics* const metrics_;
  Clock* const clock_;
  Interrupt interrupt_;

  Mutex mutex_;
  CondVar wake_;
  FailedLoginTable failures_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace weft::rpc
