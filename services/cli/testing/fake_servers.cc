#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/cli/testing/fake_services.h"

namespace weft::cli {

grpc::Status FakeServers::GetServer(grpc::ServerContext*, const v1::GetServerRequest* request,
                                    v1::Server* response) {
  return Serve(state_, "GetServer", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(const v1::Server* server, state_->FindServer(request->name()));
    *response = *server;
    return absl::OkStatus();
  });
}

grpc::Status FakeServers::ListServers(grpc::ServerContext*, const v1::ListServersRequest* request,
                                      v1::ListServersResponse* response) {
  return Serve(state_, "ListServers", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 if (!request->group().empty()) {
                   WEFT_RETURN_IF_ERROR(state_->Find(request->group()).status());
                 }
                 for (const auto& [name, group] : state_->groups) {
                   if (!request->group().empty() && name != request->group()) continue;
                   for (const v1::Server& server : group.servers()) {
                     if (request->status() != 0 && server.status() != request->status()) continue;
                     if (request->mode() != 0 && server.mode() != request->mode()) continue;
                     *response->add_servers() = server;
                   }
                 }
                 return absl::OkStatus();
               });
}

grpc::Status FakeServers::AddServer(grpc::ServerContext*, const v1::AddServerRequest* request,
                                    v1::AddServerResponse* response) {
  return Serve(state_, "AddServer", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->group()));
    if (!absl::StrContains(request->address(), ':')) {
      return Refusal(absl::StatusCode::kInvalidArgument, "BAD_ADDRESS", "not an address",
                     "host:port", request->address());
    }
    v1::Server server;
    server.set_uuid(absl::StrCat("00000000-0000-4000-8000-00000000000", ++state_->servers_made));
    server.set_name("servers/" + server.uuid());
    server.set_address(request->address());
    server.set_group(group->name());
    server.set_status(request->status() == 0 ? v1::SECONDARY : request->status());
    server.set_mode(v1::READ_ONLY);
    server.set_weight(request->weight_set() ? request->weight() : 1);
    server.set_promotion_rule(request->promotion_rule());
    server.set_zone(request->zone());
    *response->mutable_server() = server;
    if (request->validate_only()) return absl::OkStatus();
    *group->add_servers() = server;
    *response->mutable_operation() = state_->Begin("add", group->name(), request->request_id());
    return absl::OkStatus();
  });
}

grpc::Status FakeServers::RemoveServer(grpc::ServerContext*, const v1::RemoveServerRequest* request,
                                       v1::RemoveServerResponse* response) {
  return Serve(
      state_, "RemoveServer", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->group()));
        WEFT_ASSIGN_OR_RETURN(const v1::Server* server, state_->FindServer(request->server()));
        if (server->status() == v1::PRIMARY) {
          return Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_IS_PRIMARY",
                         "the primary cannot be removed", "another primary", "this one",
                         "weft group promote");
        }
        if (request->validate_only()) return absl::OkStatus();
        for (int i = 0; i < group->servers_size(); ++i) {
          if (group->servers(i).name() == server->name()) {
            group->mutable_servers()->DeleteSubrange(i, 1);
            break;
          }
        }
        *response->mutable_operation() =
            state_->Begin("remove", group->name(), request->request_id());
        return absl::OkStatus();
      });
}

grpc::Status FakeServers::UpdateServer(grpc::ServerContext*, const v1::UpdateServerRequest* request,
                                       v1::Server* response) {
  return Serve(
      state_, "UpdateServer", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        if (!absl::StartsWith(request->server().name(), "servers/")) {
          return Refusal(absl::StatusCode::kInvalidArgument, "BAD_NAME", "not a resource name",
                         "servers/UUID", request->server().name());
        }
        WEFT_ASSIGN_OR_RETURN(v1::Server * server, state_->FindServer(request->server().name()));
        *response = *server;
        for (const std::string& path : request->update_mask().paths()) {
          if (path == "status") response->set_status(request->server().status());
          if (path == "mode") response->set_mode(request->server().mode());
          if (path == "weight") response->set_weight(request->server().weight());
          if (path == "promotion_rule") {
            response->set_promotion_rule(request->server().promotion_rule());
          }
          if (path == "zone") response->set_zone(request->server().zone());
        }
        if (!request->validate_only()) *server = *response;
        return absl::OkStatus();
      });
}

grpc::Status FakeServers::CheckServer(grpc::ServerContext*, const v1::CheckServerRequest* request,
                                      v1::CheckServerResponse* response) {
  return Serve(state_, "CheckServer", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    response->set_uuid("00000000-0000-4000-8000-00000000cccc");
    response->set_version("9.7.4");
    for (const v1::ServerProblem& problem : state_->problems) *response->add_problems() = problem;
    return absl::OkStatus();
  });
}

grpc::Status FakeServers::RejoinServer(grpc::ServerContext*, const v1::RejoinServerRequest* request,
                                       v1::RejoinServerResponse* response) {
  return Serve(state_, "RejoinServer", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(v1::Server * server, state_->FindServer(request->server()));
                 if (!server->errant().empty() && !request->rebuild() && !request->rewind()) {
                   return Refusal(absl::StatusCode::kFailedPrecondition, "ERRANT_TRANSACTIONS",
                                  "the server has transactions of its own", "none",
                                  server->errant(), "weft server rejoin --rebuild");
                 }
                 if (request->validate_only()) return absl::OkStatus();
                 server->set_status(v1::SECONDARY);
                 server->clear_set_aside();
                 server->clear_errant();
                 *response->mutable_operation() =
                     state_->Begin("rejoin", server->group(), request->request_id());
                 return absl::OkStatus();
               });
}

grpc::Status FakeServers::LookupServerUuid(grpc::ServerContext*,
                                           const v1::LookupServerUuidRequest* request,
                                           v1::LookupServerUuidResponse* response) {
  return Serve(
      state_, "LookupServerUuid", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        WEFT_ASSIGN_OR_RETURN(const v1::Server* server, state_->FindServer(request->address()));
        response->set_uuid(server->uuid());
        return absl::OkStatus();
      });
}

}  // namespace weft::cli
