#pragma once

#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/model/accounts.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/farm_options.h"

namespace weft::controller {

// Opens sessions to servers: which account, which timeouts, and by which way in when the server
// is full. Thread-safe.
class Opener {
 public:
  // `options` outlives the opener.
  explicit Opener(const FarmOptions* options) : options_(options) {}

  struct OpenOptions {
    absl::Duration connect = absl::ZeroDuration();  // zero: the option connect_timeout
    absl::Duration read = absl::Seconds(30);        // of one answer
    bool several_statements = false;                // as ConnectOptions has it
  };

  // Blocks up to the connect timeout (twice, when a full server has an administrative interface).
  // Errors as Session::Open, with the account's user named where it was refused. A full server
  // (error 1040) is entered by its administrative interface where that is known; the reserved
  // connection of CONNECTION_ADMIN is what an ordinary attempt gets by itself.
  absl::StatusOr<std::unique_ptr<mysql::Session>> Open(const HostPort& address, Duty duty,
                                                       const OpenOptions& how) const;
  absl::StatusOr<std::unique_ptr<mysql::Session>> Open(const HostPort& address, Duty duty) const;
  // The same with a log-in of the caller's own.
  absl::StatusOr<std::unique_ptr<mysql::Session>> OpenAs(const HostPort& address,
                                                         const Login& login,
                                                         const OpenOptions& how) const;

  // The server at `address` has an administrative interface at `admin` (empty: none). Learnt from
  // the server while it lets us in.
  void Remember(const HostPort& address, const HostPort& admin);

 private:
  HostPort AdminOf(const HostPort& address) const;

  const FarmOptions* const options_;
  mutable Mutex mutex_;
  std::map<HostPort, HostPort> admin_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::controller
