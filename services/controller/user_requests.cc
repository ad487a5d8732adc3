#include "services/controller/user_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/access/passwords.h"
#include "common/access/roles.h"
#include "common/access/token.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "services/controller/group_requests.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

constexpr int kTries = 5;
constexpr size_t kKeyBytes = 32;

absl::Status CheckRoles(const std::set<std::string>& roles) {
  for (const std::string& role : roles) {
    if (access::FindRole(role) != nullptr) continue;
    std::vector<absl::string_view> known;
    for (const access::Role& one : access::AllRoles()) known.push_back(one.name);
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_ROLE",
                           absl::StrCat("there is no role '", role.substr(0, 64), "'"),
                           absl::StrJoin(known, ", "), role.substr(0, 64), "`weft role list`");
  }
  return absl::OkStatus();
}

absl::Status OnlySuperadmin(const Caller& caller, absl::string_view role) {
  return ::weft::Refusal(absl::StatusCode::kPermissionDenied, "ONLY_SUPERADMIN",
                         absl::StrCat("who has the role ", role, " can come by every right"),
                         "a superadmin, to give or take it and to change its holder",
                         absl::StrCat("user ", caller.user), "have a superadmin do it");
}

absl::Status BootstrapAdmin(const std::string& name) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "BOOTSTRAP_ADMIN",
      absl::StrCat(name, " is the admin that the controllers are started with"),
      "a change of its password file, or another user", absl::StrCat("user ", name),
      "write the password into the file of --admin-password-file and restart the controllers");
}

}  // namespace

bool UserRequests::IsBootstrapAdmin(const std::string& name) const {
  return ports_.logins->needs_login() && name == ports_.logins->admin();
}

absl::Status UserRequests::CheckMayTouch(const Caller& caller,
                                         const std::set<std::string>& roles) const {
  for (const std::string& role : roles) {
    if (!access::IsAllPowerful(role)) continue;
    if (!ports_.logins->IsSuperadmin(caller.user)) return OnlySuperadmin(caller, role);
  }
  return absl::OkStatus();
}

absl::StatusOr<User> UserRequests::Changeable(const std::string& name, const Caller& caller) const {
  WEFT_ASSIGN_OR_RETURN(User user, Load(name));
  if (IsBootstrapAdmin(user.name)) return BootstrapAdmin(user.name);
  WEFT_RETURN_IF_ERROR(CheckMayTouch(caller, user.roles));
  return user;
}

absl::StatusOr<User> UserRequests::Load(const std::string& name) const {
  WEFT_RETURN_IF_ERROR(access::ValidateUserName(name));
  WEFT_ASSIGN_OR_RETURN(const std::optional<UserSet> users, ports_.store->LoadUsers(0));
  if (users.has_value()) {
    if (const auto found = users->users.find(name); found != users->users.end()) {
      return found->second;
    }
  }
  return UnknownUser(name);
}

void UserRequests::Record(const Caller& caller, const std::string& name,
                          const std::string& what) const {
  Event event;
  event.kind = "change";
  event.text = absl::StrCat("user ", name, ": ", what, " by ",
                            caller.user.empty() ? "somebody who needs no login" : caller.user);
  ports_.reconciler->journal().Append(std::move(event));
}

absl::StatusOr<User> UserRequests::Create(const NewUser& wanted, const Caller& caller) {
  WEFT_RETURN_IF_ERROR(access::ValidateUserName(wanted.name));
  if (!wanted.no_password) WEFT_RETURN_IF_ERROR(access::ValidatePassword(wanted.password));
  WEFT_RETURN_IF_ERROR(CheckRoles(wanted.roles));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_RETURN_IF_ERROR(CheckMayTouch(caller, wanted.roles));
  if (IsBootstrapAdmin(wanted.name)) return UserExists(wanted.name);
  User user;
  user.name = wanted.name;
  user.roles = wanted.roles;
  if (caller.validate_only) {
    const absl::Status known = Load(wanted.name).status();
    if (known.ok()) return UserExists(wanted.name);
    if (!absl::IsNotFound(known)) return known;
    return user;
  }
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, "create-user", "", "", [&](bool again) -> absl::Status {
        if (!wanted.no_password) KeepPassword(wanted.password, wanted.wires, &user);
        const absl::Status created = ports_.store->CreateUser(user);
        if (again && absl::IsAlreadyExists(created)) return absl::OkStatus();
        if (created.ok()) {
          Record(caller, user.name,
                 absl::StrCat("created with roles ", absl::StrJoin(user.roles, ", ")));
        }
        return created;
      }));
  ports_.users->Refresh().IgnoreError();
  return Load(wanted.name);
}

absl::StatusOr<User> UserRequests::Change(const Caller& caller, const char* kind,
                                          const std::string& name, const std::string& what,
                                          Edit edit) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  const auto edited = [&]() -> absl::StatusOr<User> {
    WEFT_ASSIGN_OR_RETURN(User user, Changeable(name, caller));
    WEFT_RETURN_IF_ERROR(edit(&user));
    return user;
  };
  if (caller.validate_only) return edited();
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(caller, kind, "", "", [&](bool) -> absl::Status {
    absl::Status status;
    for (int i = 0; i < kTries; ++i) {
      WEFT_ASSIGN_OR_RETURN(const User user, edited());
      status = ports_.store->UpdateUser(user);
      if (ErrorReason(status) != "USER_MOVED") break;
    }
    if (status.ok()) Record(caller, name, what);
    return status;
  }));
  ports_.users->Refresh().IgnoreError();
  return Load(name);
}

absl::Status UserRequests::Delete(const std::string& name, const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (caller.validate_only) return Changeable(name, caller).status();
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, "delete-user", "", "", [&](bool again) -> absl::Status {
        const absl::StatusOr<User> user = Changeable(name, caller);
        if (again && absl::IsNotFound(user.status())) return absl::OkStatus();
        WEFT_RETURN_IF_ERROR(user.status());
        WEFT_RETURN_IF_ERROR(ports_.store->DeleteUser(name, user->revision));
        Record(caller, name, "deleted");
        return absl::OkStatus();
      }));
  ports_.users->Refresh().IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<User> UserRequests::SetPassword(const std::string& name, const std::string& password,
                                               const Wires& wires, bool remove,
                                               const Caller& caller) {
  if (!remove) WEFT_RETURN_IF_ERROR(access::ValidatePassword(password));
  return Change(caller, "set-password", name, remove ? "password taken away" : "new password",
                [&](User* user) {
                  KeepPassword(remove ? "" : password, wires, user);
                  return absl::OkStatus();
                });
}

absl::StatusOr<User> UserRequests::SetRoles(const std::string& name,
                                            const std::set<std::string>& roles,
                                            const Caller& caller) {
  WEFT_RETURN_IF_ERROR(CheckRoles(roles));
  WEFT_RETURN_IF_ERROR(CheckMayTouch(caller, roles));
  return Change(caller, "set-roles", name,
                roles.empty() ? "no roles" : absl::StrCat("roles ", absl::StrJoin(roles, ", ")),
                [&](User* user) {
                  user->roles = roles;
                  return absl::OkStatus();
                });
}

absl::StatusOr<User> UserRequests::SetDisabled(const std::string& name, bool disabled,
                                               const Caller& caller) {
  return Change(caller, "disable-user", name, disabled ? "disabled" : "enabled", [&](User* user) {
    user->disabled = disabled;
    return absl::OkStatus();
  });
}

absl::StatusOr<User> UserRequests::Get(const std::string& name) const {
  WEFT_RETURN_IF_ERROR(access::ValidateUserName(name));
  const UserDirectory::Users users = ports_.users->Get();
  if (users == nullptr) return UsersNotLoaded();
  const auto found = users->users.find(name);
  if (found == users->users.end()) return UnknownUser(name);
  return found->second;
}

absl::StatusOr<UserRequests::Page> UserRequests::List(int page_size,
                                                      const std::string& token) const {
  WEFT_ASSIGN_OR_RETURN(const int size,
                        PageSize(page_size, options_.default_page_size, options_.max_page_size));
  const UserDirectory::Users users = ports_.users->Get();
  if (users == nullptr) return UsersNotLoaded();
  Page page;
  for (auto it = users->users.upper_bound(token); it != users->users.end(); ++it) {
    if (static_cast<int>(page.users.size()) == size) {
      page.next_token = page.users.back().name;
      break;
    }
    page.users.push_back(it->second);
  }
  return page;
}

absl::StatusOr<UserRequests::Issued> UserRequests::IssueToken(const std::string& user,
                                                              absl::Duration lifetime) const {
  const UserDirectory::Users users = ports_.users->Get();
  const auto found =
      users == nullptr ? std::map<std::string, User>::const_iterator() : users->users.find(user);
  if (users == nullptr || found == users->users.end()) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NO_TOKEN",
                           "a token needs a user of the state store", "a user", user,
                           "set the state store up, or log in as a user");
  }
  if (lifetime <= absl::ZeroDuration()) lifetime = options_.token_lifetime;
  lifetime = std::min(lifetime, options_.longest_token_lifetime);
  // Whole seconds, as the token has it.
  const absl::Time expires =
      absl::FromUnixSeconds(absl::ToUnixSeconds(ports_.clock->Now() + lifetime));
  return Issued{
      access::MakeToken(access::TokenKey(users->key), user, found->second.verifier, expires),
      expires};
}

absl::StatusOr<uint64_t> UserRequests::RotateKey(const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(caller, "rotate-key", "", "", [&](bool) {
    const absl::Status status = ports_.store->SetUserKey(RandomBytes(kKeyBytes));
    if (status.ok()) Record(caller, "(all)", "new key of tokens and nonces");
    return status;
  }));
  WEFT_RETURN_IF_ERROR(ports_.users->Refresh());
  const UserDirectory::Users users = ports_.users->Get();
  return users == nullptr ? 0 : users->version;
}

}  // namespace weft::controller
