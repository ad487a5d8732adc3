#include "services/controller/logins.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "common/access/roles.h"
#include "common/access/token.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message,
                             absl::string_view expected, absl::string_view found,
                             absl::string_view next_step) {
  return ::weft::Refusal(absl::StatusCode::kUnauthenticated, reason, message, expected, found,
                         next_step);
}

absl::Status LoginRequired() {
  return Unauthenticated(
      "LOGIN_REQUIRED", "this call needs a login",
      "metadata authorization: Basic ... or Bearer ...", "none",
      "send the metadata authorization: Basic base64(user:password), or a token");
}

// Says no more than that: not whether there is such a user.
absl::Status WrongLogin() {
  return Unauthenticated("WRONG_LOGIN", "wrong user or password", "a user and its password",
                         "others", "check the user name and the password file");
}

absl::Status WrongToken() {
  return Unauthenticated("WRONG_TOKEN", "the token is not good, or not any more",
                         "a token of this Weft that has not expired",
                         "one that has expired or is of another key or password",
                         "issue another: weft user token");
}

constexpr absl::string_view kTryOrAdmin = "try again, or log in as the admin";

std::vector<std::string> RolesOfUser(const User& user) {
  return {user.roles.begin(), user.roles.end()};
}

const User* Find(const UserDirectory::Users& users, const std::string& name) {
  if (users == nullptr) return nullptr;
  const auto found = users->users.find(name);
  return found == users->users.end() || found->second.disabled ? nullptr : &found->second;
}

}  // namespace

Logins::Logins(Options options, UserDirectory* users, LoginAudit* audit, rpc::Metrics* metrics,
               Clock* clock)
    : options_(std::move(options)),
      secret_(RandomBytes(32)),
      users_(users),
      audit_(audit),
      clock_(clock),
      failures_(metrics->GetCounter("login_failures_total", "Logins that failed.",
                                    {{"protocol", "grpc"}})),
      limiter_(options_.limiter) {}

Identity Logins::AdminIdentity() const {
  return {options_.admin.user, {std::string(access::kSuperadmin)}};
}

bool Logins::IsAdmin(const rpc::Credentials& given) const {
  // Both are always compared, so that the time does not tell a known user.
  const bool user = access::SameSecret(given.user, options_.admin.user);
  const bool password = access::SameSecret(given.password, options_.admin.password);
  return user & password;
}

absl::StatusOr<std::vector<std::string>> Logins::RolesOf(const std::string& user) const {
  if (needs_login() && user == options_.admin.user) return AdminIdentity().roles;
  const UserDirectory::Users users = users_->Get();
  const User* const found = Find(users, user);
  if (found == nullptr) return UnknownUser(user.substr(0, 64));
  return RolesOfUser(*found);
}

bool Logins::IsSuperadmin(const std::string& caller) const {
  const auto roles = RolesOf(caller);
  if (!roles.ok()) return !needs_login();
  return access::MayCall(*roles, "", "");
}

absl::Status Logins::MayTry(const std::string& peer, const std::string& user) {
  MutexLock lock(&mutex_);
  const absl::Duration wait = limiter_.Wait(peer, user, clock_->MonotonicNow());
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kResourceExhausted, "TOO_MANY_FAILED_LOGINS",
      "too many logins from there have failed of late", "a pause after failed logins",
      absl::StrCat("another try ", absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(100))),
                   " too early"),
      "wait, then log in with the right password");
}

absl::Status Logins::Failed(const std::string& peer, const std::string& user,
                            const absl::Status& why) {
  failures_.Increment();
  audit_->Failed({"grpc", user, peer, "", 1});
  MutexLock lock(&mutex_);
  limiter_.Failed(peer, user, clock_->MonotonicNow());
  return why;
}

void Logins::Succeeded(const std::string& peer, const std::string& user) {
  MutexLock lock(&mutex_);
  limiter_.Succeeded(peer, user);
}

bool Logins::Remembers(const std::string& digest) {
  MutexLock lock(&mutex_);
  const auto found = remembered_.find(digest);
  return found != remembered_.end() && clock_->MonotonicNow() < found->second;
}

void Logins::Remember(const std::string& digest) {
  MutexLock lock(&mutex_);
  const bool is_new =
      remembered_.insert_or_assign(digest, clock_->MonotonicNow() + options_.remember).second;
  if (is_new) order_.push_back(digest);
  while (order_.size() > options_.max_remembered) {
    remembered_.erase(order_.front());
    order_.pop_front();
  }
}

absl::Status Logins::CheckPassword(const rpc::Credentials& given, const std::string& verifier) {
  // The verifier is part of it: a changed password is not remembered.
  const std::string digest = access::Mac(
      secret_, absl::StrCat(given.user.size(), ":", given.user, verifier, ":", given.password));
  if (Remembers(digest)) return absl::OkStatus();
  {
    MutexLock lock(&mutex_);
    if (waiting_ >= options_.max_waiting) {
      return ::weft::Refusal(absl::StatusCode::kResourceExhausted, "LOGINS_BUSY",
                             "too many passwords are being checked",
                             absl::StrCat("at most ", options_.max_waiting, " at a time"), "more",
                             "try again in a moment; a token costs less than a password");
    }
    ++waiting_;
    while (checking_ >= options_.max_checking) checked_.Wait(&mutex_);
    --waiting_;
    ++checking_;
  }
  const bool right = access::Verify(given.password, verifier);
  {
    MutexLock lock(&mutex_);
    --checking_;
    checked_.NotifyAll();
  }
  if (!right) return WrongLogin();
  Remember(digest);
  return absl::OkStatus();
}

absl::StatusOr<Identity> Logins::CheckBasic(const Claim& claim, const std::string& peer) {
  WEFT_ASSIGN_OR_RETURN(const rpc::Credentials given,
                        rpc::ParseBasicAuthorization(claim.authorization));
  const bool is_admin = IsAdmin(given);
  // Whoever sits at this machine could keep the admin out by failing on purpose: from here the
  // right password always opens.
  if (is_admin && access::IsLocalPeer(peer)) return AdminIdentity();
  WEFT_RETURN_IF_ERROR(MayTry(peer, given.user));
  if (is_admin) {
    Succeeded(peer, given.user);
    return AdminIdentity();
  }
  const UserDirectory::Users users = users_->Get();
  // The admin's password is that of its file, whatever the store says.
  const bool names_admin = given.user == options_.admin.user;
  // Whoever it is may be right: that must not count as a failure.
  if (users == nullptr && !names_admin) return UsersNotLoaded(kTryOrAdmin);
  const User* const user = names_admin ? nullptr : Find(users, given.user);
  const absl::Status right = CheckPassword(given, user == nullptr ? "" : user->verifier);
  if (absl::IsResourceExhausted(right)) return right;
  if (!right.ok() || user == nullptr) return Failed(peer, given.user, WrongLogin());
  Succeeded(peer, given.user);
  return Identity{user->name, RolesOfUser(*user)};
}

absl::StatusOr<Identity> Logins::CheckToken(const Claim& claim, const std::string& peer) {
  const UserDirectory::Users users = users_->Get();
  if (users == nullptr) return UsersNotLoaded(kTryOrAdmin);
  const std::optional<access::Token> token =
      access::ParseToken(rpc::BearerToken(claim.authorization));
  if (!token.has_value()) return Failed(peer, "", WrongToken());
  WEFT_RETURN_IF_ERROR(MayTry(peer, token->user));
  const User* const user = Find(users, token->user);
  const std::string stamp = user == nullptr ? "" : user->verifier;
  const std::string key = access::TokenKey(users->key);
  const bool genuine = access::IsGenuine(*token, key, stamp, clock_->Now());
  // One that was good guesses nothing: a script that goes on with it must not keep out whoever else
  // calls from there.
  const bool expired = !genuine && access::IsGenuine(*token, key, stamp, absl::InfinitePast());
  if (expired && user != nullptr) return WrongToken();
  if (!genuine || user == nullptr) return Failed(peer, token->user, WrongToken());
  return Identity{user->name, RolesOfUser(*user)};
}

absl::StatusOr<Identity> Logins::CheckCertificate(const Claim& claim) {
  const absl::StatusOr<std::vector<std::string>> roles = RolesOf(claim.certificate);
  if (roles.ok()) return Identity{claim.certificate, *roles};
  return Unauthenticated("UNKNOWN_CERTIFICATE",
                         "the client's certificate is of no user, and no other login was sent",
                         "a certificate whose common name is a user, or another login",
                         claim.certificate.substr(0, 64),
                         absl::StrCat("create the user, with --no-password: weft user create ",
                                      claim.certificate.substr(0, 64)));
}

absl::StatusOr<Identity> Logins::Check(const Claim& claim) {
  if (!needs_login()) return AdminIdentity();
  const std::string peer = access::PeerKey(claim.peer);
  if (!claim.authorization.empty()) {
    return rpc::BearerToken(claim.authorization).empty() ? CheckBasic(claim, peer)
                                                         : CheckToken(claim, peer);
  }
  if (!claim.certificate.empty()) return CheckCertificate(claim);
  return LoginRequired();
}

}  // namespace weft::controller
