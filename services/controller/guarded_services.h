#pragma once
// All services of the API behind the gate.
#include <memory>
#include <vector>

#include "common/rpc/guarded_service.h"
#include "services/controller/call_gate.h"
#include "services/controller/groups_service.h"
#include "services/controller/health_service.h"
#include "services/controller/node_service.h"
#include "services/controller/operations_service.h"
#include "services/controller/servers_service.h"
#include "services/controller/threats_service.h"
#include "services/controller/topology_service.h"
#include "services/controller/users_service.h"

namespace weft::controller {

// What serves the API, unguarded.
struct ApiServices {
  GroupsService* groups = nullptr;
  ServersService* servers = nullptr;
  OperationsService* operations = nullptr;
  HealthService* health = nullptr;
  TopologyService* topology = nullptr;
  ThreatsService* threats = nullptr;
  NodeService* node = nullptr;
  UsersService* users = nullptr;
};

// The same, each method behind `gate`. Both outlive what is returned. A method that is not listed
// there is answered UNIMPLEMENTED.
std::vector<std::unique_ptr<grpc::Service>> Guarded(const ApiServices& api, CallGate* gate);

}  // namespace weft::controller
