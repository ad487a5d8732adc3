#include "services/provisioner/gate.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/access/passwords.h"
#include "common/access/roles.h"
#include "common/access/rpc_rights.h"
#include "common/access/token.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/caller.h"

namespace weft::provisioner {
namespace {

absl::Status LoginRequired() {
  return Refusal(absl::StatusCode::kUnauthenticated, "LOGIN_REQUIRED", "this call needs a login",
                 "metadata authorization: Basic ... or Bearer ...", "none",
                 "send the metadata authorization: Basic base64(user:password), or a token");
}

// Says no more than that: not whether there is such a user.
absl::Status WrongLogin() {
  return Refusal(absl::StatusCode::kUnauthenticated, "WRONG_LOGIN", "wrong user or password",
                 "a user and its password, or a token that is good", "others",
                 "check the user name and the password file");
}

absl::Status UsersNotLoaded() {
  return Refusal(absl::StatusCode::kUnavailable, "USERS_NOT_LOADED",
                 "this provisioner has not heard of the users yet", "users from a controller",
                 "none", "try again, or log in as the admin");
}

std::string Listed(const std::vector<std::string>& roles) {
  return roles.empty() ? "no roles" : absl::StrCat("roles ", absl::StrJoin(roles, ", "));
}

absl::Status NoRight(absl::string_view method, const std::string& user,
                     const std::vector<std::string>& roles,
                     const std::optional<access::Right>& right) {
  const std::string wanted =
      right.has_value() ? absl::StrCat("the right ", access::ToString(*right)) : "a known method";
  return Refusal(absl::StatusCode::kPermissionDenied, "NO_RIGHT",
                 absl::StrCat("user ", user, " may not call ", method), wanted, Listed(roles),
                 right.has_value() ? absl::StrCat("have a superadmin give one of the roles ",
                                                  absl::StrJoin(access::RolesWith(*right), ", "),
                                                  ": weft user roles ", user)
                                   : "use a release of Weft that has it");
}

bool MayCall(const std::vector<std::string>& roles, const access::Right& right) {
  return access::MayCall(roles, right.component, right.command);
}

}  // namespace

Gate::Gate(Options options, const access::Users* users, Clock* clock)
    : options_(std::move(options)), users_(users), clock_(clock), limiter_(options_.limiter) {}

absl::Status Gate::Admit(const grpc::ServerContextBase& context, absl::string_view method) {
  return AdmitClaim({.authorization = rpc::MetadataOf(context, "authorization"),
                     .certificate = rpc::CertificateNameOf(context),
                     .peer = context.peer(),
                     .on_behalf_of = rpc::MetadataOf(context, access::kOnBehalfOf)},
                    method);
}

absl::Status Gate::AdmitClaim(const Claim& claim, absl::string_view method) {
  WEFT_ASSIGN_OR_RETURN(Identity caller, Identify(claim));
  if (!claim.on_behalf_of.empty()) {
    if (!MayCall(caller.roles, access::kActForOthers)) {
      return Refusal(
          absl::StatusCode::kPermissionDenied, "NOT_A_GATEWAY",
          absl::StrCat("user ", caller.user, " may not act for another"),
          absl::StrCat("the right ", access::ToString(access::kActForOthers)), Listed(caller.roles),
          absl::StrCat("leave the metadata ", access::kOnBehalfOf, " out, or log in as a gateway"));
    }
    // A gateway may know a user for a moment longer than we.
    const absl::StatusOr<Identity> other = Known(claim.on_behalf_of);
    caller = other.ok() ? *other : Identity{claim.on_behalf_of, {}};
  }
  const std::optional<access::Right> right = access::RightOf(method);
  if (right.has_value() && MayCall(caller.roles, *right)) return absl::OkStatus();
  return NoRight(method, caller.user.substr(0, 64), caller.roles, right);
}

absl::StatusOr<Gate::Identity> Gate::Known(const std::string& user) const {
  if (!options_.admin.empty() && user == options_.admin.user) {
    return Identity{user, {std::string(access::kSuperadmin)}};
  }
  const std::shared_ptr<const access::UserSnapshot> users = users_->Get();
  if (users == nullptr) return UsersNotLoaded();
  const auto found = users->users.find(user);
  if (found == users->users.end()) return WrongLogin();
  return Identity{user, found->second.roles};
}

absl::StatusOr<Gate::Identity> Gate::Identify(const Claim& claim) {
  if (options_.admin.empty()) return Identity{"", {std::string(access::kSuperadmin)}};
  const std::string peer = access::PeerKey(claim.peer);
  if (claim.authorization.empty()) {
    if (claim.certificate.empty()) return LoginRequired();
    return Known(claim.certificate);
  }
  const std::string token = rpc::BearerToken(claim.authorization);
  if (token.empty()) return CheckBasic(claim, peer);
  const std::optional<access::Token> parsed = access::ParseToken(token);
  if (!parsed.has_value()) return WrongLogin();
  return AskControllers(claim, peer, parsed->user);
}

absl::Status Gate::MayTry(const std::string& peer, const std::string& user) {
  MutexLock lock(&mutex_);
  const absl::Duration wait = limiter_.Wait(peer, user, clock_->MonotonicNow());
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  return Refusal(
      absl::StatusCode::kResourceExhausted, "TOO_MANY_FAILED_LOGINS",
      "too many logins from there have failed of late", "a pause after failed logins",
      absl::StrCat("another try ", absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(100))),
                   " too early"),
      "wait, then log in with the right password");
}

absl::Status Gate::Failed(const std::string& peer, const std::string& user,
                          const absl::Status& why) {
  options_.failed(user, peer);
  MutexLock lock(&mutex_);
  limiter_.Failed(peer, user, clock_->MonotonicNow());
  return why;
}

absl::StatusOr<Gate::Identity> Gate::CheckBasic(const Claim& claim, const std::string& peer) {
  WEFT_ASSIGN_OR_RETURN(const rpc::Credentials given,
                        rpc::ParseBasicAuthorization(claim.authorization));
  // Both are always compared, so that the time does not tell a known user.
  const bool same_user = access::SameSecret(given.user, options_.admin.user);
  const bool same_password = access::SameSecret(given.password, options_.admin.password);
  const bool is_admin = same_user && same_password;
  // Whoever sits at this machine could keep the admin out by failing on purpose.
  if (!is_admin || !access::IsLocalPeer(peer)) WEFT_RETURN_IF_ERROR(MayTry(peer, given.user));
  if (!is_admin) {
    if (given.user == options_.admin.user) return Failed(peer, given.user, WrongLogin());
    const std::shared_ptr<const access::UserSnapshot> users = users_->Get();
    if (users == nullptr) return UsersNotLoaded();
    const auto found = users->users.find(given.user);
    const access::User user = found == users->users.end() ? access::User() : found->second;
    if (!user.name.empty() && user.digest_ha1.empty() && user.native_hash.empty()) {
      return AskControllers(claim, peer, user.name);
    }
    const bool right =
        access::SameSecret(access::DigestHa1(given.user, given.password), user.digest_ha1) ||
        access::SameSecret(access::NativeHash(given.password), user.native_hash);
    if (!right) return Failed(peer, given.user, WrongLogin());
  }
  {
    MutexLock lock(&mutex_);
    limiter_.Succeeded(peer, given.user);
  }
  return Known(given.user);
}

absl::StatusOr<Gate::Identity> Gate::AskControllers(const Claim& claim, const std::string& peer,
                                                    const std::string& user) {
  WEFT_RETURN_IF_ERROR(MayTry(peer, user));
  const absl::Status asked = options_.ask(claim.authorization);
  if (absl::IsUnauthenticated(asked)) return Failed(peer, user, WrongLogin());
  // It proved who it is; what it may do here is another question.
  if (!asked.ok() && !absl::IsPermissionDenied(asked)) return asked;
  return Known(user);
}

}  // namespace weft::provisioner
