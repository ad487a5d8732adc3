#pragma once
// Lets calls in: callers are the users of the controllers, known by what these push.
#include <grpcpp/server_context.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/access/login_limiter.h"
#include "common/access/users.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/auth.h"
#include "common/rpc/guarded_service.h"

namespace weft::provisioner {

// Thread-safe. Blocks only while the controllers are asked.
class Gate : public rpc::CallGate {
 public:
  struct Options {
    // The user that all processes are started with: may do everything. Empty: calls need no login.
    rpc::Credentials admin;
    access::LoginLimiter::Options limiter;
    // Whether the controllers take this "authorization": for tokens, and for users whose password
    // is kept for the controllers alone. UNAUTHENTICATED, or UNAVAILABLE where none answers.
    std::function<absl::Status(const std::string& authorization)> ask;
    // Is told of each login that failed, for the record. Must not block.
    std::function<void(const std::string& user, const std::string& peer)> failed;
  };

  // `users` and `clock` outlive this.
  Gate(Options options, const access::Users* users, Clock* clock);

  // OK where the caller has proven who it is and has the right that `method` needs
  // (common/access/rpc_rights.h), or acts for a user who has. A method without a right is for
  // nobody. UNAUTHENTICATED: LOGIN_REQUIRED, MALFORMED_LOGIN, WRONG_LOGIN; RESOURCE_EXHAUSTED
  // TOO_MANY_FAILED_LOGINS; UNAVAILABLE USERS_NOT_LOADED; PERMISSION_DENIED: NO_RIGHT,
  // NOT_A_GATEWAY.
  absl::Status Admit(const grpc::ServerContextBase& context, absl::string_view method) override;

  // What a call says of itself; for Admit, and for tests.
  struct Claim {
    std::string authorization;
    std::string certificate;  // verified common name
    std::string peer;
    std::string on_behalf_of;
  };
  absl::Status AdmitClaim(const Claim& claim, absl::string_view method);

 private:
  struct Identity {
    std::string user;
    std::vector<std::string> roles;
  };
  absl::StatusOr<Identity> Identify(const Claim& claim);
  absl::StatusOr<Identity> CheckBasic(const Claim& claim, const std::string& peer);
  // By a token, or a password that only the controllers can check.
  absl::StatusOr<Identity> AskControllers(const Claim& claim, const std::string& peer,
                                          const std::string& user);
  absl::StatusOr<Identity> Known(const std::string& user) const;
  absl::Status MayTry(const std::string& peer, const std::string& user);
  absl::Status Failed(const std::string& peer, const std::string& user, const absl::Status& why);

  const Options options_;
  const access::Users* const users_;
  Clock* const clock_;
  Mutex mutex_;
  access::LoginLimiter limiter_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner
