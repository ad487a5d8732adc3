#pragma once
// Who calls the API, proven by a password, a token or a client certificate.
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/access/login_limiter.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/auth.h"
#include "common/rpc/metrics.h"
#include "services/controller/login_audit.h"
#include "services/controller/user_directory.h"

namespace weft::controller {

struct Identity {
  std::string user;  // "" where calls need no login
  std::vector<std::string> roles;
};

// Thread-safe. Check blocks for the tens of milliseconds that a password costs which was not seen
// of late, and for as long as others that are being checked take.
class Logins {
 public:
  struct Options {
    // The user that controllers are started with: may do everything, with or without a store.
    // Empty: calls need no login, and may do everything.
    rpc::Credentials admin;
    access::LoginLimiter::Options limiter;
    // A password that was right is known for so long, so that a call need not cost a scrypt.
    absl::Duration remember = absl::Minutes(5);
    size_t max_remembered = 4096;
    // Passwords that are checked at the same time (16 MiB each), and that may wait for it.
    int max_checking = 2;
    int max_waiting = 32;
  };
  // What a call says of itself.
  struct Claim {
    std::string authorization;  // the metadata; may be empty
    std::string certificate;    // verified common name; may be empty
    std::string peer;           // "ipv4:10.0.0.7:4711"
  };

  // All outlive this.
  Logins(Options options, UserDirectory* users, LoginAudit* audit, rpc::Metrics* metrics,
         Clock* clock);

  // UNAUTHENTICATED: LOGIN_REQUIRED, MALFORMED_LOGIN, WRONG_LOGIN, WRONG_TOKEN,
  // UNKNOWN_CERTIFICATE. RESOURCE_EXHAUSTED: TOO_MANY_FAILED_LOGINS (with how long to wait),
  // LOGINS_BUSY. UNAVAILABLE USERS_NOT_LOADED where it cannot be known yet.
  absl::StatusOr<Identity> Check(const Claim& claim);

  // The roles of a user who need not call itself: of whom a gateway acts for. NOT_FOUND
  // UNKNOWN_USER; also of one that is disabled.
  absl::StatusOr<std::vector<std::string>> RolesOf(const std::string& user) const;
  // Of the caller of a request, as CallerOf named it after it was let in.
  bool IsSuperadmin(const std::string& caller) const;

  bool needs_login() const { return !options_.admin.empty(); }
  const std::string& admin() const { return options_.admin.user; }
  UserDirectory& users() { return *users_; }

 private:
  absl::StatusOr<Identity> CheckBasic(const Claim& claim, const std::string& peer);
  absl::StatusOr<Identity> CheckToken(const Claim& claim, const std::string& peer);
  absl::StatusOr<Identity> CheckCertificate(const Claim& claim);
  // OK where the password is that of the user; "" of no user takes as long and fails.
  absl::Status CheckPassword(const rpc::Credentials& given, const std::string& verifier);
  bool IsAdmin(const rpc::Credentials& given) const;
  absl::Status MayTry(const std::string& peer, const std::string& user);
  absl::Status Failed(const std::string& peer, const std::string& user, const absl::Status& why);
  void Succeeded(const std::string& peer, const std::string& user);
  Identity AdminIdentity() const;

  bool Remembers(const std::string& digest);
  void Remember(const std::string& digest);

  const Options options_;
  const std::string secret_;  // of this process, for what is remembered
  UserDirectory* const users_;
  LoginAudit* const audit_;
  Clock* const clock_;
  const rpc::Counter failures_;

  Mutex mutex_;
  CondVar checked_;
  access::LoginLimiter limiter_ ABSL_GUARDED_BY(mutex_);
  // Until when, by digest of user, password and verifier; oldest first.
  std::list<std::string> order_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, absl::Duration> remembered_ ABSL_GUARDED_BY(mutex_);
  int checking_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weft::controller
