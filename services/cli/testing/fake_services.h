#pragma once
// The inside of FakeController.
#include <google/protobuf/text_format.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/rpc/serve.h"
#include "common/rpc/status.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "protos/weft/v1/threats.grpc.pb.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/cli/testing/fake_controller.h"

namespace weft::cli {

// What the fake knows; one lock over all of it.
struct FakeState {
  mutable Mutex mutex;
  CondVar changed;
  std::map<std::string, v1::Group> groups ABSL_GUARDED_BY(mutex);        // By name.
  std::vector<v1::Operation> operations ABSL_GUARDED_BY(mutex);          // Oldest first.
  std::map<std::string, v1::Operation> answered ABSL_GUARDED_BY(mutex);  // By request id.
  std::vector<std::pair<std::string, std::string>> requests ABSL_GUARDED_BY(mutex);
  std::string watched ABSL_GUARDED_BY(mutex);
  bool held ABSL_GUARDED_BY(mutex) = false;
  int servers_made ABSL_GUARDED_BY(mutex) = 0;
  absl::Status failure ABSL_GUARDED_BY(mutex);
  std::vector<v1::ServerProblem> problems ABSL_GUARDED_BY(mutex);
  v1::NodeStatus node ABSL_GUARDED_BY(mutex);
  v1::ExplainGroupResponse explanation ABSL_GUARDED_BY(mutex);
  v1::ExplainDurabilityResponse proof ABSL_GUARDED_BY(mutex);
  v1::Refusal refusal ABSL_GUARDED_BY(mutex);
  std::map<std::string, v1::User> users ABSL_GUARDED_BY(mutex);  // By name.

  // Notes the request; the failure that was set, if any.
  absl::Status Enter(const std::string& method, const google::protobuf::Message& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  absl::StatusOr<v1::Group*> Find(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // By resource name, uuid or address, over all groups.
  absl::StatusOr<v1::Server*> FindServer(const std::string& text)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  v1::Operation* FindOperation(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // A new operation, ended already unless they are held; the same one for a known request id.
  v1::Operation Begin(const std::string& kind, const std::string& group,
                      const std::string& request_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // `primary` leads from now on; empty: nobody.
  void Lead(v1::Group& group, const std::string& primary) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
};

// Runs `body` as a call: under the lock, after noting the request, with its status translated.
template <typename Request, typename Body>
grpc::Status Serve(FakeState* state, const char* method, const Request& request, Body body) {
  MutexLock lock(&state->mutex);
  absl::Status status = state->Enter(method, request);
  if (status.ok()) status = body();
  state->changed.NotifyAll();
  return rpc::ToGrpc(status);
}

class FakeGroups : public v1::Groups::Service {
 public:
  explicit FakeGroups(FakeState* state) : state_(state) {}
  grpc::Status CreateGroup(grpc::ServerContext*, const v1::CreateGroupRequest*,
                           v1::Group*) override;
  grpc::Status GetGroup(grpc::ServerContext*, const v1::GetGroupRequest*, v1::Group*) override;
  grpc::Status ListGroups(grpc::ServerContext*, const v1::ListGroupsRequest*,
                          v1::ListGroupsResponse*) override;
  grpc::Status UpdateGroup(grpc::ServerContext*, const v1::UpdateGroupRequest*,
                           v1::Group*) override;
  grpc::Status DestroyGroup(grpc::ServerContext*, const v1::DestroyGroupRequest*,
                            v1::DestroyGroupResponse*) override;
  grpc::Status ActivateGroup(grpc::ServerContext*, const v1::ActivateGroupRequest*,
                             v1::Group*) override;
  grpc::Status DeactivateGroup(grpc::ServerContext*, const v1::DeactivateGroupRequest*,
                               v1::Group*) override;
  grpc::Status PromoteGroup(grpc::ServerContext*, const v1::PromoteGroupRequest*,
                            v1::PromoteGroupResponse*) override;
  grpc::Status DemoteGroup(grpc::ServerContext*, const v1::DemoteGroupRequest*,
                           v1::DemoteGroupResponse*) override;
  grpc::Status AdoptGroup(grpc::ServerContext*, const v1::AdoptGroupRequest*,
                          v1::AdoptGroupResponse*) override;
  grpc::Status ExplainGroup(grpc::ServerContext*, const v1::ExplainGroupRequest*,
                            v1::ExplainGroupResponse*) override;
  grpc::Status ExplainDurability(grpc::ServerContext*, const v1::ExplainDurabilityRequest*,
                                 v1::ExplainDurabilityResponse*) override;

 private:
  FakeState* const state_;
};

class FakeServers : public v1::Servers::Service {
 public:
  explicit FakeServers(FakeState* state) : state_(state) {}
  grpc::Status GetServer(grpc::ServerContext*, const v1::GetServerRequest*, v1::Server*) override;
  grpc::Status ListServers(grpc::ServerContext*, const v1::ListServersRequest*,
                           v1::ListServersResponse*) override;
  grpc::Status AddServer(grpc::ServerContext*, const v1::AddServerRequest*,
                         v1::AddServerResponse*) override;
  grpc::Status RemoveServer(grpc::ServerContext*, const v1::RemoveServerRequest*,
                            v1::RemoveServerResponse*) override;
  grpc::Status UpdateServer(grpc::ServerContext*, const v1::UpdateServerRequest*,
                            v1::Server*) override;
  grpc::Status CheckServer(grpc::ServerContext*, const v1::CheckServerRequest*,
                           v1::CheckServerResponse*) override;
  grpc::Status RejoinServer(grpc::ServerContext*, const v1::RejoinServerRequest*,
                            v1::RejoinServerResponse*) override;
  grpc::Status LookupServerUuid(grpc::ServerContext*, const v1::LookupServerUuidRequest*,
                                v1::LookupServerUuidResponse*) override;

 private:
  FakeState* const state_;
};

class FakeOperations : public v1::Operations::Service {
 public:
  explicit FakeOperations(FakeState* state) : state_(state) {}
  grpc::Status GetOperation(grpc::ServerContext*, const v1::GetOperationRequest*,
                            v1::Operation*) override;
  grpc::Status ListOperations(grpc::ServerContext*, const v1::ListOperationsRequest*,
                              v1::ListOperationsResponse*) override;
  grpc::Status WaitOperation(grpc::ServerContext*, const v1::WaitOperationRequest*,
                             v1::Operation*) override;
  grpc::Status WatchOperation(grpc::ServerContext*, const v1::GetOperationRequest*,
                              grpc::ServerWriter<v1::Operation>*) override;
  grpc::Status CancelOperation(grpc::ServerContext*, const v1::CancelOperationRequest*,
                               v1::Operation*) override;
  grpc::Status ListEvents(grpc::ServerContext*, const v1::ListEventsRequest*,
                          v1::ListEventsResponse*) override;

 private:
  FakeState* const state_;
};

class FakeHealth : public v1::Health::Service {
 public:
  explicit FakeHealth(FakeState* state) : state_(state) {}
  grpc::Status GetHealth(grpc::ServerContext*, const v1::GetHealthRequest*,
                         v1::GetHealthResponse*) override;

 private:
  FakeState* const state_;
};

class FakeThreats : public v1::Threats::Service {
 public:
  explicit FakeThreats(FakeState* state) : state_(state) {}
  grpc::Status ReportError(grpc::ServerContext*, const v1::ReportThreatRequest*,
                           v1::ReportThreatResponse*) override;
  grpc::Status ReportFailure(grpc::ServerContext*, const v1::ReportThreatRequest*,
                             v1::ReportThreatResponse*) override;

 private:
  FakeState* const state_;
};

class FakeNode : public v1::Node::Service {
 public:
  explicit FakeNode(FakeState* state) : state_(state) {}
  grpc::Status GetNodeStatus(grpc::ServerContext*, const v1::GetNodeStatusRequest*,
                             v1::NodeStatus*) override;
  grpc::Status SetUpStore(grpc::ServerContext*, const v1::SetUpStoreRequest*,
                          v1::NodeStatus*) override;
  grpc::Status TearDownStore(grpc::ServerContext*, const v1::TearDownStoreRequest*,
                             v1::NodeStatus*) override;
  grpc::Status RotateAccount(grpc::ServerContext*, const v1::RotateAccountRequest*,
                             v1::RotateAccountResponse*) override;

 private:
  FakeState* const state_;
};

class FakeUsers : public v1::Users::Service {
 public:
  explicit FakeUsers(FakeState* state) : state_(state) {}
  grpc::Status CreateUser(grpc::ServerContext*, const v1::CreateUserRequest*, v1::User*) override;
  grpc::Status DeleteUser(grpc::ServerContext*, const v1::DeleteUserRequest*,
                          v1::DeleteUserResponse*) override;
  grpc::Status SetPassword(grpc::ServerContext*, const v1::SetPasswordRequest*, v1::User*) override;
  grpc::Status SetRoles(grpc::ServerContext*, const v1::SetRolesRequest*, v1::User*) override;
  grpc::Status SetDisabled(grpc::ServerContext*, const v1::SetDisabledRequest*, v1::User*) override;
  grpc::Status GetUser(grpc::ServerContext*, const v1::GetUserRequest*, v1::User*) override;
  grpc::Status ListUsers(grpc::ServerContext*, const v1::ListUsersRequest*,
                         v1::ListUsersResponse*) override;
  grpc::Status ListRoles(grpc::ServerContext*, const v1::ListRolesRequest*,
                         v1::ListRolesResponse*) override;
  grpc::Status IssueToken(grpc::ServerContext*, const v1::IssueTokenRequest*,
                          v1::IssueTokenResponse*) override;
  grpc::Status RotateKey(grpc::ServerContext*, const v1::RotateKeyRequest*,
                         v1::RotateKeyResponse*) override;

 private:
  FakeState* const state_;
};

class FakeServices {
 public:
  FakeServices(FakeState* state, const FakeController::Login& login);
  std::string address() const { return server_->address(); }

 private:
  FakeGroups groups_;
  FakeServers servers_;
  FakeOperations operations_;
  FakeHealth health_;
  FakeThreats threats_;
  FakeNode node_;
  FakeUsers users_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace weft::cli
