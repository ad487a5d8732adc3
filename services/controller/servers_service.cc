#include "services/controller/servers_service.h"

#include <algorithm>
#include <string>

#include "services/controller/answer.h"
#include "services/controller/convert.h"

namespace weft::controller {

grpc::Status ServersService::GetServer(grpc::ServerContext*, const v1::GetServerRequest* request,
                                       v1::Server* response) {
  return Answer(servers_->Get(request->name()), [&](const ServerRequests::View& view) {
    *response = ToProto(view.server);
    if (!view.look.has_value()) return;
    *response->mutable_health() = HealthOf(*view.look, view.server.uuid, view.looked);
  });
}

grpc::Status ServersService::ListServers(grpc::ServerContext*,
                                         const v1::ListServersRequest* request,
                                         v1::ListServersResponse* response) {
  ServerRequests::Filter filter;
  filter.group = BareGroupId(request->group());
  filter.status = FromProto(request->status());
  filter.mode = FromProto(request->mode());
  return Answer(servers_->List(filter, request->page_size(), request->page_token()),
                [&](const ServerRequests::Page& page) {
                  for (const Server& server : page.servers) {
                    *response->add_servers() = ToProto(server);
                  }
                  response->set_next_page_token(page.next_token);
                });
}

grpc::Status ServersService::AddServer(grpc::ServerContext* context,
                                       const v1::AddServerRequest* request,
                                       v1::AddServerResponse* response) {
  ServerRequests::AddOrder order;
  order.group = BareGroupId(request->group());
  order.address = request->address();
  order.status = FromProto(request->status()).value_or(ServerStatus::kSecondary);
  if (request->weight_set() || request->weight() != 0) order.weight = request->weight();
  order.promotion_rule = FromProto(request->promotion_rule()).value_or(order.promotion_rule);
  order.zone = request->zone();
  order.update_only = request->update_only();
  order.rebuild = request->rebuild();
  return Answer(servers_->Add(order, CallerOf(*context, *request)),
                [&](const ServerRequests::Started& started) {
                  *response->mutable_server() = ToProto(started.server);
                  if (!started.operation.has_value()) return;
                  *response->mutable_operation() = ToProto(*started.operation);
                });
}

grpc::Status ServersService::RemoveServer(grpc::ServerContext* context,
                                          const v1::RemoveServerRequest* request,
                                          v1::RemoveServerResponse* response) {
  return Answer(
      servers_->Remove({BareGroupId(request->group()), request->server(), request->surrender()},
                       CallerOf(*context, *request)),
      [&](const ServerRequests::Started& started) {
        if (!started.operation.has_value()) return;
        *response->mutable_operation() = ToProto(*started.operation);
      });
}

grpc::Status ServersService::UpdateServer(grpc::ServerContext* context,
                                          const v1::UpdateServerRequest* request,
                                          v1::Server* response) {
  ServerRequests::Change change;
  change.server = request->server().name();
  const auto& paths = request->update_mask().paths();
  const auto names = [&](const char* field) {
    return std::find(paths.begin(), paths.end(), field) != paths.end();
  };
  change.mask.assign(paths.begin(), paths.end());
  const auto status = FromProto(request->server().status());
  if (names("status") && !status.has_value()) {
    return rpc::ToGrpc(UnspecifiedValue("status", "SPARE or SECONDARY"));
  }
  const auto mode = FromProto(request->server().mode());
  if (names("mode") && !mode.has_value()) {
    return rpc::ToGrpc(UnspecifiedValue("mode", "OFFLINE, READ_ONLY, WRITE_ONLY or READ_WRITE"));
  }
  const auto rule = FromProto(request->server().promotion_rule());
  if (names("promotion_rule") && !rule.has_value()) {
    return rpc::ToGrpc(
        UnspecifiedValue("promotion_rule", "PREFER, NEUTRAL, PREFER_NOT or MUST_NOT"));
  }
  change.status = status.value_or(change.status);
  change.mode = mode.value_or(change.mode);
  change.weight = request->server().weight();
  change.promotion_rule = rule.value_or(change.promotion_rule);
  if (names("zone")) change.zone = request->server().zone();
  return Answer(servers_->Update(change, CallerOf(*context, *request)),
                [&](const Server& server) { *response = ToProto(server); });
}

grpc::Status ServersService::CheckServer(grpc::ServerContext*,
                                         const v1::CheckServerRequest* request,
                                         v1::CheckServerResponse* response) {
  return Answer(servers_->Check(BareGroupId(request->group()), request->address()),
                [&](const Admission& admission) {
                  response->set_uuid(admission.observation.uuid.text());
                  response->set_version(admission.observation.version);
                  for (const AdmissionProblem& problem : admission.problems) {
                    *response->add_problems() = ToProto(problem);
                  }
                  response->set_clone_would_help(admission.clone_would_help);
                });
}

grpc::Status ServersService::RejoinServer(grpc::ServerContext* context,
                                          const v1::RejoinServerRequest* request,
                                          v1::RejoinServerResponse* response) {
  return Answer(servers_->Rejoin({request->server(), request->rebuild(), request->rewind()},
                                 CallerOf(*context, *request)),
                [&](const ServerRequests::Started& started) {
                  if (started.rewound.has_value()) {
                    v1::Rewound* const rewound = response->mutable_rewound();
                    rewound->set_transactions(started.rewound->transactions.ToString());
                    rewound->set_path(started.rewound->path);
                    for (const auto& [table, rows] : started.rewound->rows) {
                      (*rewound->mutable_rows())[table] = rows;
                    }
                  }
                  if (!started.operation.has_value()) return;
                  *response->mutable_operation() = ToProto(*started.operation);
                });
}

grpc::Status ServersService::LookupServerUuid(grpc::ServerContext*,
                                              const v1::LookupServerUuidRequest* request,
                                              v1::LookupServerUuidResponse* response) {
  return Answer(servers_->Identify(request->address()),
                [&](const ServerUuid& uuid) { response->set_uuid(uuid.text()); });
}

}  // namespace weft::controller
