#pragma once
#include "protos/weft/v1/groups.grpc.pb.h"
#include "services/controller/adoption.h"
#include "services/controller/group_requests.h"
#include "services/controller/guard_requests.h"

namespace weft::controller {

// weft.v1.Groups: converts, asks, converts.
class GroupsService : public v1::Groups::Service {
 public:
  // All outlive this.
  GroupsService(GroupRequests* groups, Adoption* adoption, GuardRequests* guards)
      : groups_(groups), adoption_(adoption), guards_(guards) {}

  grpc::Status CreateGroup(grpc::ServerContext* context, const v1::CreateGroupRequest* request,
                           v1::Group* response) override;
  grpc::Status GetGroup(grpc::ServerContext* context, const v1::GetGroupRequest* request,
                        v1::Group* response) override;
  grpc::Status ListGroups(grpc::ServerContext* context, const v1::ListGroupsRequest* request,
                          v1::ListGroupsResponse* response) override;
  grpc::Status UpdateGroup(grpc::ServerContext* context, const v1::UpdateGroupRequest* request,
                           v1::Group* response) override;
  grpc::Status DestroyGroup(grpc::ServerContext* context, const v1::DestroyGroupRequest* request,
                            v1::DestroyGroupResponse* response) override;
  grpc::Status ActivateGroup(grpc::ServerContext* context, const v1::ActivateGroupRequest* request,
                             v1::Group* response) override;
  grpc::Status DeactivateGroup(grpc::ServerContext* context,
                               const v1::DeactivateGroupRequest* request,
                               v1::Group* response) override;
  grpc::Status PromoteGroup(grpc::ServerContext* context, const v1::PromoteGroupRequest* request,
                            v1::PromoteGroupResponse* response) override;
  grpc::Status DemoteGroup(grpc::ServerContext* context, const v1::DemoteGroupRequest* request,
                           v1::DemoteGroupResponse* response) override;
  grpc::Status AdoptGroup(grpc::ServerContext* context, const v1::AdoptGroupRequest* request,
                          v1::AdoptGroupResponse* response) override;
  grpc::Status ExplainGroup(grpc::ServerContext* context, const v1::ExplainGroupRequest* request,
                            v1::ExplainGroupResponse* response) override;
  grpc::Status ExplainDurability(grpc::ServerContext* context,
                                 const v1::ExplainDurabilityRequest* request,
                                 v1::ExplainDurabilityResponse* response) override;
  grpc::Status AcknowledgeFailover(grpc::ServerContext* context,
                                   const v1::AcknowledgeFailoverRequest* request,
                                   v1::Group* response) override;
  grpc::Status SetMaintenance(grpc::ServerContext* context,
                              const v1::SetMaintenanceRequest* request,
                              v1::Group* response) override;

 private:
  GroupRequests* const groups_;
  Adoption* const adoption_;
  GuardRequests* const guards_;
};

}  // namespace weft::controller
