#pragma once
// Who calls, as "authorization: Basic ..." or "Bearer ..." metadata on each call.
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/secret_file.h"

namespace weft::rpc {

struct Credentials {
  std::string user;
  std::string password;  // secret
  std::string token;     // secret; in place of both
  bool empty() const { return user.empty() && password.empty() && token.empty(); }
};

// Passwords come from files.
using ::weft::ReadSecretFile;

// The value of the metadata "authorization": "Bearer ..." where there is a token, else "Basic ...".
std::string Authorization(const Credentials& credentials);
std::string BasicAuthorization(const Credentials& credentials);
// The token of a "Bearer" authorization; "" of any other.
std::string BearerToken(absl::string_view header);
// The inverse. UNAUTHENTICATED when it is not Basic or not base64.
absl::StatusOr<Credentials> ParseBasicAuthorization(absl::string_view header);

// Decides about one call. Thread safe, does not block.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // `authorization` is "" when the client sent none. OK, or UNAUTHENTICATED with what to do.
  virtual absl::Status Check(absl::string_view method, absl::string_view authorization) const = 0;
};

// One user and password, compared in time that does not depend on where they differ.
std::unique_ptr<Authenticator> StaticAuthenticator(const Credentials& credentials);

}  // namespace weft::rpc
