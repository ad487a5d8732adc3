#include "services/controller/controller.h"

#include <grpcpp/impl/service_type.h>

#include <utility>

#include "common/log/log.h"
#include "services/controller/call_gate.h"
#include "services/controller/drain_signal.h"
#include "services/controller/guard_requests.h"
#include "services/controller/guarded_services.h"
#include "services/controller/metrics.h"
#include "services/controller/request_ledger.h"
#include "services/controller/watch_list.h"

namespace weft::controller {

// In the order of their needs: what is below uses what is above.
struct Controller::Parts {
  Parts(const Options& options, const Ports& ports)
      : metrics(ports.metrics),
        health_table(options.health, ports.clock),
        hub(options.topology, ports.clock),
        reconciler(Measured(options.reconciler),
                   {ports.farm, ports.store, &health_table, &metrics, ports.clock}, Listeners()),
        ledger(ports.store, &reconciler.board(), ports.clock, &reconciler.journal()),
        membership(options.membership, {&reconciler, ports.farm, ports.store, ports.clock}),
        adoption(options.adoption, {&reconciler, ports.farm, ports.store, &ledger, ports.clock}),
        group_requests(options.groups,
                       {&reconciler, ports.farm, ports.store, &ledger, ports.clock}),
        guard_requests({&reconciler, ports.store, &ledger, ports.clock}),
        server_requests(options.servers,
                        {&reconciler, ports.farm, ports.store, &ledger, &membership, ports.clock}),
        operation_requests(options.operations, &reconciler, ports.store),
        threat_requests(options.threats, {&reconciler, &server_requests, &health_table, ports.store,
                                          ports.metrics, ports.clock}),
        node_requests(options.node,
                      {&reconciler, ports.farm, ports.store, &health_table, &ledger, ports.clock}),
        users(
            {.admin = options.logins.admin, .period = options.reconciler.follow_period},
            ports.store, ports.clock, [this] { return reconciler.leading(); },
            [this] { audit.Tick(); }),
        audit(options.audit, ports.clock, [this](const std::string& text) { Tell(text); }),
        logins(options.logins, &users, &audit, ports.metrics, ports.clock),
        gate(&logins),
        user_requests(options.users,
                      {&reconciler, ports.store, &ledger, &users, &logins, ports.clock}),
        groups(&group_requests, &adoption, &guard_requests),
        servers(&server_requests),
        operations(&operation_requests, &drain),
        health(&health_table, &watch_list, &reconciler, &drain),
        topology(&hub, &metrics, &drain),
        threats(&threat_requests),
        node(&node_requests, &guard_requests),
        users_service(&user_requests, &users, &audit, &reconciler, &drain),
        guarded(Guarded(
            {&groups, &servers, &operations, &health, &topology, &threats, &node, &users_service},
            &gate)) {}

  Reconciler::Options Measured(Reconciler::Options options) {
    options.journal.dropped = [this](int count) { metrics.EventsDropped(count); };
    return options;
  }
  Reconciler::Listeners Listeners() {
    Reconciler::Listeners listeners;
    listeners.group = [this](const GroupNews& news) {
      hub.Publish(news.group, news.removed, news.drained);
      watch_list.Take(news.group, news.removed);
    };
    listeners.leads = [this](uint64_t term) { hub.Lead(term); };
    listeners.follows = [this] { hub.Follow(); };
    listeners.loaded = [this](uint64_t term, bool leading) {
      hub.SetLoaded();
      watch_list.SetLoaded(term, leading);
    };
    return listeners;
  }

  // Only the leader records events; the others have their logs.
  void Tell(const std::string& text) {
    if (reconciler.leading()) {
      Event event;
      event.kind = "login";
      event.text = text;
      reconciler.journal().Append(std::move(event));
    } else {
      WEFT_LOG(kWarning, "failed logins", {{"text", text}});
    }
  }

  DrainSignal drain;
  ControllerMetrics metrics;
  HealthTable health_table;
  WatchListBoard watch_list;
  TopologyHub hub;
  Reconciler reconciler;
  RequestLedger ledger;
  Membership membership;
  Adoption adoption;
  GroupRequests group_requests;
  GuardRequests guard_requests;
  ServerRequests server_requests;
  OperationRequests operation_requests;
  ThreatRequests threat_requests;
  NodeRequests node_requests;
  UserDirectory users;
  LoginAudit audit;
  Logins logins;
  CallGate gate;
  UserRequests user_requests;
  GroupsService groups;
  ServersService servers;
  OperationsService operations;
  HealthService health;
  TopologyService topology;
  ThreatsService threats;
  NodeService node;
  UsersService users_service;
  std::vector<std::unique_ptr<grpc::Service>> guarded;
};

Controller::Controller(const Options& options, const Ports& ports)
    : parts_(std::make_unique<Parts>(options, ports)) {}

Controller::~Controller() { Stop(); }

void Controller::Start() {
  parts_->users.Start();
  parts_->reconciler.Start();
}
void Controller::EndStreams() { parts_->drain.Fire(); }
void Controller::Stop() {
  parts_->users.Stop();
  parts_->reconciler.Stop();
}
Reconciler& Controller::reconciler() { return parts_->reconciler; }

std::vector<grpc::Service*> Controller::services() {
  std::vector<grpc::Service*> services;
  for (const auto& service : parts_->guarded) services.push_back(service.get());
  return services;
}

std::vector<std::string> Controller::service_names() {
  return {v1::Groups::service_full_name(),     v1::Servers::service_full_name(),
          v1::Operations::service_full_name(), v1::Health::service_full_name(),
          v1::Topology::service_full_name(),   v1::Threats::service_full_name(),
          v1::Node::service_full_name(),       v1::Users::service_full_name()};
}

}  // namespace weft::controller
