#pragma once
// One controller: everything but the ports it stands on and the server that carries its services.
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/rpc/metrics.h"
#include "services/controller/adoption.h"
#include "services/controller/group_requests.h"
#include "services/controller/health_table.h"
#include "services/controller/login_audit.h"
#include "services/controller/logins.h"
#include "services/controller/membership.h"
#include "services/controller/node_requests.h"
#include "services/controller/operation_requests.h"
#include "services/controller/ports/farm.h"
#include "services/controller/ports/store.h"
#include "services/controller/reconciler.h"
#include "services/controller/server_requests.h"
#include "services/controller/threat_requests.h"
#include "services/controller/topology_hub.h"
#include "services/controller/user_requests.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace weft::controller {

class Controller {
 public:
  struct Options {
    Reconciler::Options reconciler;
    HealthTable::Options health;
    TopologyHub::Options topology;
    GroupRequests::Options groups;
    ServerRequests::Options servers;
    Membership::Options membership;
    Adoption::Options adoption;
    OperationRequests::Options operations;
    ThreatRequests::Options threats;
    NodeRequests::Options node;
    // Whoever calls must log in where Logins::Options::admin is given.
    Logins::Options logins;
    LoginAudit::Options audit;
    UserRequests::Options users;
  };
  // All outlive the controller.
  struct Ports {
    Farm* farm = nullptr;
    Store* store = nullptr;
    rpc::Metrics* metrics = nullptr;
    Clock* clock = nullptr;
  };

  Controller(const Options& options, const Ports& ports);
  ~Controller();

  // Begins to follow or lead. The store may be down.
  void Start();
  // Ends the streams, so that a server that drains need not wait for them.
  void EndStreams();
  // Finishes the steps under way and gives the lease up.
  void Stop();

  // To be served; they live as long as this. And their names, for the health service.
  std::vector<grpc::Service*> services();
  static std::vector<std::string> service_names();

  Reconciler& reconciler();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weft::controller
