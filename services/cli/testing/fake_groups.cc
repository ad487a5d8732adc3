#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/group_settings.h"
#include "services/cli/testing/fake_services.h"

namespace weft::cli {
namespace {

absl::Status CheckExpectation(const v1::Group& group, const std::string& primary, uint64_t epoch) {
  if (!primary.empty() && primary != group.primary()) {
    return Refusal(absl::StatusCode::kAborted, "PRIMARY_MOVED", "the primary is another one",
                   primary, group.primary());
  }
  if (epoch != 0 && epoch != group.epoch()) {
    return Refusal(absl::StatusCode::kAborted, "EPOCH_MOVED", "the epoch moved",
                   absl::StrCat(epoch), absl::StrCat(group.epoch()));
  }
  return absl::OkStatus();
}

}  // namespace

grpc::Status FakeGroups::CreateGroup(grpc::ServerContext*, const v1::CreateGroupRequest* request,
                                     v1::Group* response) {
  return Serve(state_, "CreateGroup", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const std::string& id = request->group_id();
    if (id.empty() || id.size() > 64 || absl::StrContains(id, "'")) {
      return Refusal(absl::StatusCode::kInvalidArgument, "BAD_GROUP_NAME", "not a group's name",
                     "1 to 64 of letters, digits, '_', '-', '.'", id);
    }
    const std::string name = "groups/" + id;
    if (state_->groups.count(name) > 0) {
      return Refusal(absl::StatusCode::kAlreadyExists, "GROUP_EXISTS", "there is such a group");
    }
    response->set_name(name);
    response->set_id(id);
    response->set_description(request->description());
    response->set_durability(
        request->durability() == v1::DURABILITY_UNSPECIFIED ? v1::LOSSLESS : request->durability());
    response->set_acknowledgements(std::max(1u, request->acknowledgements()));
    *response->mutable_settings() = rpc::ToProto(GroupSettings());
    if (!request->on_last_acknowledger_lost().empty()) {
      response->mutable_settings()->set_on_last_acknowledger_lost(
          request->on_last_acknowledger_lost());
    }
    response->set_node_failover_enabled(true);
    if (!request->validate_only()) state_->groups[name] = *response;
    return absl::OkStatus();
  });
}

grpc::Status FakeGroups::GetGroup(grpc::ServerContext*, const v1::GetGroupRequest* request,
                                  v1::Group* response) {
  return Serve(state_, "GetGroup", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(const v1::Group* group, state_->Find(request->name()));
    *response = *group;
    return absl::OkStatus();
  });
}

// One group a page, so that a client that reads only the first page is caught.
grpc::Status FakeGroups::ListGroups(grpc::ServerContext*, const v1::ListGroupsRequest* request,
                                    v1::ListGroupsResponse* response) {
  return Serve(state_, "ListGroups", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    auto at = state_->groups.upper_bound(request->page_token());
    if (at == state_->groups.end()) return absl::OkStatus();
    *response->add_groups() = at->second;
    const std::string token = at->first;
    if (++at != state_->groups.end()) response->set_next_page_token(token);
    return absl::OkStatus();
  });
}

grpc::Status FakeGroups::UpdateGroup(grpc::ServerContext*, const v1::UpdateGroupRequest* request,
                                     v1::Group* response) {
  return Serve(state_, "UpdateGroup", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->group().name()));
                 *response = *group;
                 for (const std::string& path : request->update_mask().paths()) {
                   if (path == "description")
                     response->set_description(request->group().description());
                   if (path == "durability")
                     response->set_durability(request->group().durability());
                   if (path == "acknowledgements") {
                     response->set_acknowledgements(request->group().acknowledgements());
                   }
                   const std::string setting(rpc::SettingOfMask(path));
                   if (setting.empty()) continue;
                   WEFT_ASSIGN_OR_RETURN(const std::string text,
                                         rpc::TextOf(request->group().settings(), setting));
                   WEFT_RETURN_IF_ERROR(rpc::SetField(setting, text, response->mutable_settings()));
                 }
                 if (!request->validate_only()) *group = *response;
                 return absl::OkStatus();
               });
}

grpc::Status FakeGroups::DestroyGroup(grpc::ServerContext*, const v1::DestroyGroupRequest* request,
                                      v1::DestroyGroupResponse*) {
  return Serve(state_, "DestroyGroup", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(const v1::Group* group, state_->Find(request->name()));
                 if (group->servers_size() > 0 && !request->force()) {
                   return Refusal(absl::StatusCode::kFailedPrecondition, "GROUP_NOT_EMPTY",
                                  "the group has servers", "an empty group",
                                  absl::StrCat(group->servers_size(), " servers"), "--force");
                 }
                 if (!request->validate_only()) state_->groups.erase(request->name());
                 return absl::OkStatus();
               });
}

grpc::Status FakeGroups::ActivateGroup(grpc::ServerContext*,
                                       const v1::ActivateGroupRequest* request,
                                       v1::Group* response) {
  return Serve(state_, "ActivateGroup", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->name()));
                 if (!request->validate_only()) group->set_active(true);
                 *response = *group;
                 return absl::OkStatus();
               });
}

grpc::Status FakeGroups::DeactivateGroup(grpc::ServerContext*,
                                         const v1::DeactivateGroupRequest* request,
                                         v1::Group* response) {
  return Serve(state_, "DeactivateGroup", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->name()));
                 if (!request->validate_only()) group->set_active(false);
                 *response = *group;
                 return absl::OkStatus();
               });
}

grpc::Status FakeGroups::PromoteGroup(grpc::ServerContext*, const v1::PromoteGroupRequest* request,
                                      v1::PromoteGroupResponse* response) {
  return Serve(
      state_, "PromoteGroup", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->name()));
        WEFT_RETURN_IF_ERROR(
            CheckExpectation(*group, request->expected_primary(), request->expected_epoch()));
        std::string chosen;
        if (!request->server().empty()) {
          WEFT_ASSIGN_OR_RETURN(const v1::Server* server, state_->FindServer(request->server()));
          chosen = server->name();
        } else if (group->servers_size() > 0) {
          chosen = group->servers(0).name();
        }
        if (request->validate_only()) {
          if (!state_->refusal.reason().empty()) {
            *response->mutable_refusal() = state_->refusal;
            return absl::OkStatus();
          }
          v1::PlannedPhase* phase = response->add_plan();
          phase->set_phase("commit");
          phase->add_steps("commit " + chosen);
          return absl::OkStatus();
        }
        if (chosen.empty()) {
          return Refusal(absl::StatusCode::kFailedPrecondition, "NO_CANDIDATE",
                         "no server to promote", "a server that may lead", "an empty group",
                         "weft group add");
        }
        *response->mutable_operation() =
            state_->Begin("promote", request->name(), request->request_id());
        state_->Lead(*group, chosen);
        return absl::OkStatus();
      });
}

grpc::Status FakeGroups::DemoteGroup(grpc::ServerContext*, const v1::DemoteGroupRequest* request,
                                     v1::DemoteGroupResponse* response) {
  return Serve(
      state_, "DemoteGroup", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        WEFT_ASSIGN_OR_RETURN(v1::Group * group, state_->Find(request->name()));
        WEFT_RETURN_IF_ERROR(
            CheckExpectation(*group, request->expected_primary(), request->expected_epoch()));
        if (request->validate_only()) {
          response->add_plan()->set_phase("fence");
          return absl::OkStatus();
        }
        *response->mutable_operation() =
            state_->Begin("demote", request->name(), request->request_id());
        state_->Lead(*group, "");
        return absl::OkStatus();
      });
}

grpc::Status FakeGroups::AdoptGroup(grpc::ServerContext*, const v1::AdoptGroupRequest* request,
                                    v1::AdoptGroupResponse* response) {
  return Serve(state_, "AdoptGroup", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    v1::Group group;
    group.set_id(request->group_id());
    group.set_name("groups/" + request->group_id());
    group.set_durability(v1::LOSSLESS);
    *group.mutable_settings() = rpc::ToProto(GroupSettings());
    v1::Server* server = group.add_servers();
    server->set_uuid("00000000-0000-4000-8000-00000000aaaa");
    server->set_name("servers/" + server->uuid());
    server->set_address(request->address());
    server->set_group(group.name());
    server->set_weight(1);
    state_->Lead(group, server->name());
    *response->mutable_group() = group;
    if (!request->validate_only()) {
      *response->mutable_operation() = state_->Begin("adopt", group.name(), request->request_id());
      state_->groups[group.name()] = group;
    }
    return absl::OkStatus();
  });
}

grpc::Status FakeGroups::ExplainGroup(grpc::ServerContext*, const v1::ExplainGroupRequest* request,
                                      v1::ExplainGroupResponse* response) {
  return Serve(state_, "ExplainGroup", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(const v1::Group* group, state_->Find(request->name()));
                 *response = state_->explanation;
                 *response->mutable_group() = *group;
                 return absl::OkStatus();
               });
}

grpc::Status FakeGroups::ExplainDurability(grpc::ServerContext*,
                                           const v1::ExplainDurabilityRequest* request,
                                           v1::ExplainDurabilityResponse* response) {
  return Serve(state_, "ExplainDurability", *request,
               [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
                 WEFT_ASSIGN_OR_RETURN(const v1::Group* group, state_->Find(request->name()));
                 *response = state_->proof;
                 response->set_group(group->name());
                 return absl::OkStatus();
               });
}

}  // namespace weft::cli
