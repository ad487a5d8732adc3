#include "services/controller/guarded_services.h"

namespace weft::controller {
namespace {

using Service = std::unique_ptr<grpc::Service>;

Service GuardedOf(GroupsService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Groups/CreateGroup", service, &GroupsService::CreateGroup);
  guarded->Add("/weft.v1.Groups/GetGroup", service, &GroupsService::GetGroup);
  guarded->Add("/weft.v1.Groups/ListGroups", service, &GroupsService::ListGroups);
  guarded->Add("/weft.v1.Groups/UpdateGroup", service, &GroupsService::UpdateGroup);
  guarded->Add("/weft.v1.Groups/DestroyGroup", service, &GroupsService::DestroyGroup);
  guarded->Add("/weft.v1.Groups/ActivateGroup", service, &GroupsService::ActivateGroup);
  guarded->Add("/weft.v1.Groups/DeactivateGroup", service, &GroupsService::DeactivateGroup);
  guarded->Add("/weft.v1.Groups/PromoteGroup", service, &GroupsService::PromoteGroup);
  guarded->Add("/weft.v1.Groups/DemoteGroup", service, &GroupsService::DemoteGroup);
  guarded->Add("/weft.v1.Groups/AdoptGroup", service, &GroupsService::AdoptGroup);
  guarded->Add("/weft.v1.Groups/ExplainGroup", service, &GroupsService::ExplainGroup);
  guarded->Add("/weft.v1.Groups/ExplainDurability", service, &GroupsService::ExplainDurability);
  guarded->Add("/weft.v1.Groups/AcknowledgeFailover", service, &GroupsService::AcknowledgeFailover);
  guarded->Add("/weft.v1.Groups/SetMaintenance", service, &GroupsService::SetMaintenance);
  return guarded;
}

Service GuardedOf(ServersService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Servers/GetServer", service, &ServersService::GetServer);
  guarded->Add("/weft.v1.Servers/ListServers", service, &ServersService::ListServers);
  guarded->Add("/weft.v1.Servers/AddServer", service, &ServersService::AddServer);
  guarded->Add("/weft.v1.Servers/RemoveServer", service, &ServersService::RemoveServer);
  guarded->Add("/weft.v1.Servers/UpdateServer", service, &ServersService::UpdateServer);
  guarded->Add("/weft.v1.Servers/CheckServer", service, &ServersService::CheckServer);
  guarded->Add("/weft.v1.Servers/RejoinServer", service, &ServersService::RejoinServer);
  guarded->Add("/weft.v1.Servers/LookupServerUuid", service, &ServersService::LookupServerUuid);
  return guarded;
}

Service GuardedOf(OperationsService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Operations/GetOperation", service, &OperationsService::GetOperation);
  guarded->Add("/weft.v1.Operations/ListOperations", service, &OperationsService::ListOperations);
  guarded->Add("/weft.v1.Operations/WaitOperation", service, &OperationsService::WaitOperation);
  guarded->Add("/weft.v1.Operations/WatchOperation", service, &OperationsService::WatchOperation);
  guarded->Add("/weft.v1.Operations/CancelOperation", service, &OperationsService::CancelOperation);
  guarded->Add("/weft.v1.Operations/ListEvents", service, &OperationsService::ListEvents);
  return guarded;
}

Service GuardedOf(HealthService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Health/Report", service, &HealthService::Report);
  guarded->Add("/weft.v1.Health/GetHealth", service, &HealthService::GetHealth);
  guarded->Add("/weft.v1.Health/WatchHealth", service, &HealthService::WatchHealth);
  return guarded;
}

Service GuardedOf(TopologyService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Topology/WatchTopology", service, &TopologyService::WatchTopology);
  guarded->Add("/weft.v1.Topology/GetTopology", service, &TopologyService::GetTopology);
  return guarded;
}

Service GuardedOf(ThreatsService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Threats/ReportError", service, &ThreatsService::ReportError);
  guarded->Add("/weft.v1.Threats/ReportFailure", service, &ThreatsService::ReportFailure);
  return guarded;
}

Service GuardedOf(NodeService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Node/GetNodeStatus", service, &NodeService::GetNodeStatus);
  guarded->Add("/weft.v1.Node/SetUpStore", service, &NodeService::SetUpStore);
  guarded->Add("/weft.v1.Node/TearDownStore", service, &NodeService::TearDownStore);
  guarded->Add("/weft.v1.Node/RotateAccount", service, &NodeService::RotateAccount);
  guarded->Add("/weft.v1.Node/SetFailover", service, &NodeService::SetFailover);
  guarded->Add("/weft.v1.Node/BackUpStore", service, &NodeService::BackUpStore);
  guarded->Add("/weft.v1.Node/RestoreStore", service, &NodeService::RestoreStore);
  return guarded;
}

Service GuardedOf(UsersService* service, CallGate* gate) {
  auto guarded = std::make_unique<rpc::GuardedService>(gate);
  guarded->Add("/weft.v1.Users/CreateUser", service, &UsersService::CreateUser);
  guarded->Add("/weft.v1.Users/DeleteUser", service, &UsersService::DeleteUser);
  guarded->Add("/weft.v1.Users/SetPassword", service, &UsersService::SetPassword);
  guarded->Add("/weft.v1.Users/SetRoles", service, &UsersService::SetRoles);
  guarded->Add("/weft.v1.Users/SetDisabled", service, &UsersService::SetDisabled);
  guarded->Add("/weft.v1.Users/GetUser", service, &UsersService::GetUser);
  guarded->Add("/weft.v1.Users/ListUsers", service, &UsersService::ListUsers);
  guarded->Add("/weft.v1.Users/ListRoles", service, &UsersService::ListRoles);
  guarded->Add("/weft.v1.Users/WatchUsers", service, &UsersService::WatchUsers);
  guarded->Add("/weft.v1.Users/ReportLogins", service, &UsersService::ReportLogins);
  guarded->Add("/weft.v1.Users/IssueToken", service, &UsersService::IssueToken);
  guarded->Add("/weft.v1.Users/RotateKey", service, &UsersService::RotateKey);
  return guarded;
}

}  // namespace

std::vector<Service> Guarded(const ApiServices& api, CallGate* gate) {
  std::vector<Service> services;
  services.push_back(GuardedOf(api.groups, gate));
  services.push_back(GuardedOf(api.servers, gate));
  services.push_back(GuardedOf(api.operations, gate));
  services.push_back(GuardedOf(api.health, gate));
  services.push_back(GuardedOf(api.topology, gate));
  services.push_back(GuardedOf(api.threats, gate));
  services.push_back(GuardedOf(api.node, gate));
  services.push_back(GuardedOf(api.users, gate));
  return services;
}

}  // namespace weft::controller
