#pragma once
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/controller/drain_signal.h"
#include "services/controller/login_audit.h"
#include "services/controller/user_requests.h"

namespace weft::controller {

// weft.v1.Users: converts, asks, converts. A watcher costs memory, no thread.
class UsersService : public v1::Users::WithCallbackMethod_WatchUsers<v1::Users::Service> {
 public:
  // All outlive this and every stream.
  UsersService(UserRequests* requests, UserDirectory* users, LoginAudit* audit,
               Reconciler* reconciler, DrainSignal* drain)
      : requests_(requests), users_(users), audit_(audit), reconciler_(reconciler), drain_(drain) {}

  grpc::Status CreateUser(grpc::ServerContext* context, const v1::CreateUserRequest* request,
                          v1::User* response) override;
  grpc::Status DeleteUser(grpc::ServerContext* context, const v1::DeleteUserRequest* request,
                          v1::DeleteUserResponse* response) override;
  grpc::Status SetPassword(grpc::ServerContext* context, const v1::SetPasswordRequest* request,
                           v1::User* response) override;
  grpc::Status SetRoles(grpc::ServerContext* context, const v1::SetRolesRequest* request,
                        v1::User* response) override;
  grpc::Status SetDisabled(grpc::ServerContext* context, const v1::SetDisabledRequest* request,
                           v1::User* response) override;
  grpc::Status GetUser(grpc::ServerContext* context, const v1::GetUserRequest* request,
                       v1::User* response) override;
  grpc::Status ListUsers(grpc::ServerContext* context, const v1::ListUsersRequest* request,
                         v1::ListUsersResponse* response) override;
  grpc::Status ListRoles(grpc::ServerContext* context, const v1::ListRolesRequest* request,
                         v1::ListRolesResponse* response) override;
  grpc::ServerWriteReactor<v1::UserSnapshot>* WatchUsers(
      grpc::CallbackServerContext* context, const v1::WatchUsersRequest* request) override;
  grpc::Status ReportLogins(grpc::ServerContext* context, const v1::ReportLoginsRequest* request,
                            v1::ReportLoginsResponse* response) override;
  grpc::Status IssueToken(grpc::ServerContext* context, const v1::IssueTokenRequest* request,
                          v1::IssueTokenResponse* response) override;
  grpc::Status RotateKey(grpc::ServerContext* context, const v1::RotateKeyRequest* request,
                         v1::RotateKeyResponse* response) override;

 private:
  UserRequests* const requests_;
  UserDirectory* const users_;
  LoginAudit* const audit_;
  Reconciler* const reconciler_;
  DrainSignal* const drain_;
};

}  // namespace weft::controller
