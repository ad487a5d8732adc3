#include "absl/strings/strip.h"
#include "services/cli/testing/fake_services.h"

namespace weft::cli {
namespace {

std::string BareName(absl::string_view name) {
  absl::ConsumePrefix(&name, "users/");
  return std::string(name);
}

// Runs `change` on a user that there is, who is the answer.
template <typename Request, typename Change>
grpc::Status ChangeUser(FakeState* state, const char* method, const Request& request,
                        v1::User* response, Change change) {
  return Serve(state, method, request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    const auto found = state->users.find(BareName(request.name()));
    if (found == state->users.end()) return absl::NotFoundError("no such user");
    change(&found->second);
    *response = found->second;
    return absl::OkStatus();
  });
}

}  // namespace

grpc::Status FakeUsers::CreateUser(grpc::ServerContext*, const v1::CreateUserRequest* request,
                                   v1::User* response) {
  return Serve(state_, "CreateUser", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 response->set_id(request->user_id());
                 response->set_name("users/" + request->user_id());
                 *response->mutable_roles() = request->roles();
                 *response->mutable_protocols() = request->protocols();
                 if (!request->validate_only()) state_->users[request->user_id()] = *response;
                 return absl::OkStatus();
               });
}

grpc::Status FakeUsers::DeleteUser(grpc::ServerContext*, const v1::DeleteUserRequest* request,
                                   v1::DeleteUserResponse*) {
  return Serve(state_, "DeleteUser", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 if (state_->users.erase(BareName(request->name())) > 0) return absl::OkStatus();
                 return absl::NotFoundError("no such user");
               });
}

grpc::Status FakeUsers::SetPassword(grpc::ServerContext*, const v1::SetPasswordRequest* request,
                                    v1::User* response) {
  return ChangeUser(state_, "SetPassword", *request, response, [](v1::User*) {});
}

grpc::Status FakeUsers::SetRoles(grpc::ServerContext*, const v1::SetRolesRequest* request,
                                 v1::User* response) {
  return ChangeUser(state_, "SetRoles", *request, response,
                    [&](v1::User* user) { *user->mutable_roles() = request->roles(); });
}

grpc::Status FakeUsers::SetDisabled(grpc::ServerContext*, const v1::SetDisabledRequest* request,
                                    v1::User* response) {
  return ChangeUser(state_, "SetDisabled", *request, response,
                    [&](v1::User* user) { user->set_disabled(request->disabled()); });
}

grpc::Status FakeUsers::GetUser(grpc::ServerContext*, const v1::GetUserRequest* request,
                                v1::User* response) {
  return ChangeUser(state_, "GetUser", *request, response, [](v1::User*) {});
}

grpc::Status FakeUsers::ListUsers(grpc::ServerContext*, const v1::ListUsersRequest* request,
                                  v1::ListUsersResponse* response) {
  return Serve(state_, "ListUsers", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    for (const auto& [name, user] : state_->users) *response->add_users() = user;
    return absl::OkStatus();
  });
}

grpc::Status FakeUsers::ListRoles(grpc::ServerContext*, const v1::ListRolesRequest* request,
                                  v1::ListRolesResponse* response) {
  return Serve(state_, "ListRoles", *request, [&] {
    v1::Role* const role = response->add_roles();
    role->set_name("connector");
    role->set_description("routes");
    role->add_rights("core.dump");
    return absl::OkStatus();
  });
}

grpc::Status FakeUsers::IssueToken(grpc::ServerContext*, const v1::IssueTokenRequest* request,
                                   v1::IssueTokenResponse* response) {
  return Serve(state_, "IssueToken", *request, [&] {
    response->set_token("weft1.token");
    return absl::OkStatus();
  });
}

grpc::Status FakeUsers::RotateKey(grpc::ServerContext*, const v1::RotateKeyRequest* request,
                                  v1::RotateKeyResponse*) {
  return Serve(state_, "RotateKey", *request, [] { return absl::OkStatus(); });
}

}  // namespace weft::cli
