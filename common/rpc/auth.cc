#include "common/rpc/auth.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/access/passwords.h"
#include "common/base/error_details.h"

namespace weft::rpc {
namespace {

constexpr absl::string_view kBasic = "Basic ";
constexpr absl::string_view kBearer = "Bearer ";

class StaticUser : public Authenticator {
 public:
  explicit StaticUser(const Credentials& credentials) : credentials_(credentials) {}

  absl::Status Check(absl::string_view, absl::string_view authorization) const override {
    if (authorization.empty()) {
      return Refusal(absl::StatusCode::kUnauthenticated, "LOGIN_REQUIRED",
                     "this call needs a login", "metadata authorization: Basic ...", "none",
                     "send the metadata authorization: Basic base64(user:password)");
    }
    const absl::StatusOr<Credentials> given = ParseBasicAuthorization(authorization);
    if (!given.ok()) return given.status();
    // Both are always compared, so that the time does not tell a known user.
    const bool user = access::SameSecret(given->user, credentials_.user);
    const bool password = access::SameSecret(given->password, credentials_.password);
    if (user & password) return absl::OkStatus();
    return Refusal(absl::StatusCode::kUnauthenticated, "WRONG_LOGIN", "wrong user or password",
                   "the admin user and its password", "others",
                   "check the user name and the password file");
  }

 private:
  const Credentials credentials_;
};

}  // namespace

std::string Authorization(const Credentials& credentials) {
  if (!credentials.token.empty()) return absl::StrCat(kBearer, credentials.token);
  return BasicAuthorization(credentials);
}

std::string BearerToken(absl::string_view header) {
  if (!absl::StartsWithIgnoreCase(header, kBearer)) return "";
  return std::string(header.substr(kBearer.size()));
}

std::string BasicAuthorization(const Credentials& credentials) {
  return absl::StrCat(
      kBasic, absl::Base64Escape(absl::StrCat(credentials.user, ":", credentials.password)));
}

absl::StatusOr<Credentials> ParseBasicAuthorization(absl::string_view header) {
  const absl::Status malformed =
      Refusal(absl::StatusCode::kUnauthenticated, "MALFORMED_LOGIN", "malformed login",
              "metadata authorization: Basic base64(user:password)", "something else",
              "log in as RFC 7617 says");
  // The scheme's case does not matter, as RFC 7235 says.
  if (!absl::StartsWithIgnoreCase(header, kBasic)) return malformed;
  std::string decoded;
  if (!absl::Base64Unescape(header.substr(kBasic.size()), &decoded)) return malformed;
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return malformed;
  return Credentials{
      .user = decoded.substr(0, colon), .password = decoded.substr(colon + 1), .token = ""};
}

std::unique_ptr<Authenticator> StaticAuthenticator(const Credentials& credentials) {
  return std::make_unique<StaticUser>(credentials);
}

}  // namespace weft::rpc
