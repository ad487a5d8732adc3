#pragma once
// Lets a call in, or says why not: before each handler (common/rpc/guarded_service.h).
#include <grpcpp/server_context.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/rpc/guarded_service.h"
#include "services/controller/logins.h"

namespace weft::controller {

// Thread-safe. Blocks as Logins::Check does.
class CallGate : public rpc::CallGate {
 public:
  // `logins` outlives this.
  explicit CallGate(Logins* logins) : logins_(logins) {}

  // OK where the caller has proven who it is and has the right that `method` needs
  // (common/access/rpc_rights.h), or acts for a user who has. Errors of Logins::Check;
  // PERMISSION_DENIED: NO_RIGHT (names the right and the caller's roles), NOT_A_GATEWAY (acts for
  // another without the right to).
  absl::Status Admit(const grpc::ServerContextBase& context, absl::string_view method) override;

 private:
  Logins* const logins_;
};

}  // namespace weft::controller
