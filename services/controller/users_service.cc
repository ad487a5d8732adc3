#include "services/controller/users_service.h"

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/access/roles.h"
#include "common/access/rpc_rights.h"
#include "common/access/token.h"
#include "common/base/error_details.h"
#include "common/rpc/caller.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"
#include "services/controller/stream_writer.h"

namespace weft::controller {
namespace {

constexpr int kMaxReported = 1000;

std::string BareUserName(absl::string_view name) {
  absl::ConsumePrefix(&name, "users/");
  return std::string(name);
}

// None: all.
template <typename Protocols>
absl::StatusOr<Wires> WiresOf(const Protocols& protocols) {
  if (protocols.empty()) return Wires();
  Wires wires = {.grpc = false, .xmlrpc = false, .mysql = false};
  for (const int protocol : protocols) {
    if (protocol == v1::GRPC) {
      wires.grpc = true;
    } else if (protocol == v1::XMLRPC) {
      wires.xmlrpc = true;
    } else if (protocol == v1::MYSQL) {
      wires.mysql = true;
    } else {
      return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                             "there is no such protocol", "GRPC, XMLRPC, MYSQL",
                             absl::StrCat(protocol), "name one of these, or none for all");
    }
  }
  return wires;
}

v1::User ToProto(const User& user, const UserRequests& requests) {
  v1::User proto;
  proto.set_name(absl::StrCat("users/", user.name));
  proto.set_id(user.name);
  for (const std::string& role : user.roles) proto.add_roles(role);
  if (!user.verifier.empty()) proto.add_protocols(v1::GRPC);
  if (!user.digest_ha1.empty()) proto.add_protocols(v1::XMLRPC);
  if (!user.native_hash.empty()) proto.add_protocols(v1::MYSQL);
  proto.set_disabled(user.disabled);
  proto.set_bootstrap(requests.IsBootstrapAdmin(user.name));
  return proto;
}

v1::UserSnapshot ToProto(const UserSet& users) {
  v1::UserSnapshot proto;
  proto.set_version(users.version);
  proto.set_nonce_key(access::NonceKey(users.key));
  for (const auto& [name, user] : users.users) {
    if (user.disabled) continue;
    v1::UserSecrets* const secrets = proto.add_users();
    secrets->set_id(name);
    secrets->set_digest_ha1(user.digest_ha1);
    secrets->set_native_hash(user.native_hash);
    for (const std::string& role : user.roles) secrets->add_roles(role);
  }
  return proto;
}

// Sends the users as they are when the watcher is ready for them; of several changes only the last.
class UserWatcher : public StreamWriter<v1::UserSnapshot> {
 public:
  UserWatcher(UserDirectory* users, DrainSignal* drain) : StreamWriter(drain), users_(users) {
    handle_ = users_->changed().Subscribe([this] { Poke(); });
    if (users_->Get() == nullptr) End(rpc::ToGrpc(UsersNotLoaded()));
    Begin();
  }

 private:
  std::optional<v1::UserSnapshot> Next() override {
    const UserDirectory::Users users = users_->Get();
    if (users == nullptr || users->version == sent_) return std::nullopt;
    sent_ = users->version;
    return ToProto(*users);
  }
  void Closed() override { users_->changed().Forget(handle_); }

  UserDirectory* const users_;
  uint64_t handle_ = 0;
  uint64_t sent_ = 0;
};

absl::Status ByToken() {
  return ::weft::Refusal(absl::StatusCode::kPermissionDenied, "LOGGED_IN_BY_TOKEN",
                         "a token cannot be had for a token, lest it live for ever",
                         "a login by password or certificate", "a login by token, or for another",
                         "log in by password, or with a certificate");
}

}  // namespace

grpc::Status UsersService::CreateUser(grpc::ServerContext* context,
                                      const v1::CreateUserRequest* request, v1::User* response) {
  const absl::StatusOr<Wires> wires = WiresOf(request->protocols());
  if (!wires.ok()) return rpc::ToGrpc(wires.status());
  return Answer(requests_->Create({.name = request->user_id(),
                                   .password = request->password(),
                                   .no_password = request->no_password(),
                                   .wires = *wires,
                                   .roles = {request->roles().begin(), request->roles().end()}},
                                  CallerOf(*context, *request)),
                [&](const User& user) { *response = ToProto(user, *requests_); });
}

grpc::Status UsersService::DeleteUser(grpc::ServerContext* context,
                                      const v1::DeleteUserRequest* request,
                                      v1::DeleteUserResponse*) {
  return rpc::ToGrpc(
      requests_->Delete(BareUserName(request->name()), CallerOf(*context, *request)));
}

grpc::Status UsersService::SetPassword(grpc::ServerContext* context,
                                       const v1::SetPasswordRequest* request, v1::User* response) {
  const absl::StatusOr<Wires> wires = WiresOf(request->protocols());
  if (!wires.ok()) return rpc::ToGrpc(wires.status());
  return Answer(requests_->SetPassword(BareUserName(request->name()), request->password(), *wires,
                                       request->remove(), CallerOf(*context, *request)),
                [&](const User& user) { *response = ToProto(user, *requests_); });
}

grpc::Status UsersService::SetRoles(grpc::ServerContext* context,
                                    const v1::SetRolesRequest* request, v1::User* response) {
  return Answer(requests_->SetRoles(BareUserName(request->name()),
                                    {request->roles().begin(), request->roles().end()},
                                    CallerOf(*context, *request)),
                [&](const User& user) { *response = ToProto(user, *requests_); });
}

grpc::Status UsersService::SetDisabled(grpc::ServerContext* context,
                                       const v1::SetDisabledRequest* request, v1::User* response) {
  return Answer(requests_->SetDisabled(BareUserName(request->name()), request->disabled(),
                                       CallerOf(*context, *request)),
                [&](const User& user) { *response = ToProto(user, *requests_); });
}

grpc::Status UsersService::GetUser(grpc::ServerContext*, const v1::GetUserRequest* request,
                                   v1::User* response) {
  return Answer(requests_->Get(BareUserName(request->name())),
                [&](const User& user) { *response = ToProto(user, *requests_); });
}

grpc::Status UsersService::ListUsers(grpc::ServerContext*, const v1::ListUsersRequest* request,
                                     v1::ListUsersResponse* response) {
  return Answer(requests_->List(request->page_size(), request->page_token()),
                [&](const UserRequests::Page& page) {
                  for (const User& user : page.users) {
                    *response->add_users() = ToProto(user, *requests_);
                  }
                  response->set_next_page_token(page.next_token);
                });
}

grpc::Status UsersService::ListRoles(grpc::ServerContext*, const v1::ListRolesRequest*,
                                     v1::ListRolesResponse* response) {
  for (const access::Role& role : access::AllRoles()) {
    v1::Role* const proto = response->add_roles();
    proto->set_name(std::string(role.name));
    proto->set_description(std::string(role.description));
    for (const access::Right& right : role.rights) proto->add_rights(access::ToString(right));
  }
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<v1::UserSnapshot>* UsersService::WatchUsers(grpc::CallbackServerContext*,
                                                                     const v1::WatchUsersRequest*) {
  return new UserWatcher(users_, drain_);
}

grpc::Status UsersService::ReportLogins(grpc::ServerContext*,
                                        const v1::ReportLoginsRequest* request,
                                        v1::ReportLoginsResponse*) {
  const absl::Status leads = reconciler_->CheckLeading();
  if (!leads.ok()) return rpc::ToGrpc(leads);
  int taken = 0;
  for (const v1::FailedLogins& failure : request->failures()) {
    if (++taken > kMaxReported) {
      audit_->FailedOthers(failure.count());
      continue;
    }
    audit_->Failed({.protocol = failure.protocol(),
                    .user = failure.user(),
                    .peer = failure.peer(),
                    .gateway = request->gateway(),
                    .count = failure.count()});
  }
  audit_->FailedOthers(request->others());
  return grpc::Status::OK;
}

grpc::Status UsersService::IssueToken(grpc::ServerContext* context,
                                      const v1::IssueTokenRequest* request,
                                      v1::IssueTokenResponse* response) {
  // Neither for one that a gateway acts for: it has not shown its password here.
  if (rpc::IsByToken(*context) || !rpc::MetadataOf(*context, access::kOnBehalfOf).empty()) {
    return rpc::ToGrpc(ByToken());
  }
  const std::string user = CallerOf(*context);
  const absl::Duration lifetime = FromProto(request->lifetime());
  return Answer(requests_->IssueToken(user, lifetime), [&](const UserRequests::Issued& issued) {
    response->set_token(issued.token);
    response->set_user(absl::StrCat("users/", user));
    *response->mutable_expire_time() = controller::ToProto(issued.expires);
  });
}

grpc::Status UsersService::RotateKey(grpc::ServerContext* context,
                                     const v1::RotateKeyRequest* request,
                                     v1::RotateKeyResponse* response) {
  const Caller caller{CallerOf(*context), request->request_id(), false};
  return Answer(requests_->RotateKey(caller),
                [&](uint64_t version) { response->set_version(version); });
}

}  // namespace weft::controller
