#include "services/controller/groups_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/error_details.h"
#include "common/rpc/group_settings.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"
#include "services/controller/convert_durability.h"

namespace weft::controller {
namespace {

v1::Group ToProto(const GroupView& view) {
  v1::Group proto = ToProto(view.group, view.look.has_value() ? &*view.look : nullptr, view.looked);
  proto.set_store_error(view.store_error);
  return proto;
}

template <typename Response>
void Fill(GroupRequests::Outcome outcome, Response* response) {
  if (outcome.operation.has_value()) *response->mutable_operation() = ToProto(*outcome.operation);
  for (const Plan& plan : outcome.foreseen) {
    if (plan.refusal.has_value()) *response->mutable_refusal() = ToProto(*plan.refusal);
    if (!plan.steps.empty()) *response->add_plan() = PhaseOf(plan, outcome.group);
  }
}

}  // namespace

grpc::Status GroupsService::CreateGroup(grpc::ServerContext* context,
                                        const v1::CreateGroupRequest* request,
                                        v1::Group* response) {
  Group wanted;
  wanted.id = request->group_id();
  wanted.description = request->description();
  wanted.durability = FromProto(request->durability()).value_or(Durability::kLossless);
  wanted.acknowledgements = request->acknowledgements() == 0 ? 1 : request->acknowledgements();
  if (const std::string& lost = request->on_last_acknowledger_lost(); !lost.empty()) {
    const absl::Status taken = SetGroupSetting("on_last_acknowledger_lost", lost, &wanted.settings);
    if (!taken.ok()) return rpc::ToGrpc(taken);
  }
  return Answer(groups_->Create(wanted, CallerOf(*context, *request)),
                [&](const Group& group) { *response = ToProto(group); });
}

grpc::Status GroupsService::GetGroup(grpc::ServerContext*, const v1::GetGroupRequest* request,
                                     v1::Group* response) {
  return Answer(groups_->Get(BareGroupId(request->name()), request->cached()),
                [&](const GroupView& view) { *response = ToProto(view); });
}

grpc::Status GroupsService::ListGroups(grpc::ServerContext*, const v1::ListGroupsRequest* request,
                                       v1::ListGroupsResponse* response) {
  return Answer(groups_->List(request->page_size(), request->page_token()),
                [&](const GroupRequests::Page& page) {
                  for (const GroupRequests::Listed& listed : page.groups) {
                    v1::Group* const group = response->add_groups();
                    *group = ToProto(listed.group);
                    group->set_effective_durability(listed.effective_durability);
                  }
                  response->set_next_page_token(page.next_token);
                });
}

grpc::Status GroupsService::UpdateGroup(grpc::ServerContext* context,
                                        const v1::UpdateGroupRequest* request,
                                        v1::Group* response) {
  const v1::Group& wanted = request->group();
  GroupRequests::Change change;
  change.group.id = BareGroupId(wanted.name());
  change.group.description = wanted.description();
  const auto& paths = request->update_mask().paths();
  if (const auto durability = FromProto(wanted.durability()); durability.has_value()) {
    change.group.durability = *durability;
  } else if (std::find(paths.begin(), paths.end(), "durability") != paths.end()) {
    return rpc::ToGrpc(UnspecifiedValue("durability", "LOSSLESS or ASYNC"));
  }
  change.group.acknowledgements = wanted.acknowledgements();
  change.mask.assign(paths.begin(), paths.end());
  for (const std::string& path : change.mask) {
    const std::string setting(rpc::SettingOfMask(path));
    if (setting.empty()) continue;
    const absl::StatusOr<std::string> text = rpc::TextOf(wanted.settings(), setting);
    if (!text.ok()) return rpc::ToGrpc(text.status());
    change.settings[setting] = *text;
  }
  change.etag = wanted.etag();
  return Answer(groups_->Update(change, CallerOf(*context, *request)),
                [&](const Group& group) { *response = ToProto(group); });
}

grpc::Status GroupsService::DestroyGroup(grpc::ServerContext* context,
                                         const v1::DestroyGroupRequest* request,
                                         v1::DestroyGroupResponse*) {
  return rpc::ToGrpc(groups_->Destroy(BareGroupId(request->name()), request->force(),
                                      request->etag(), CallerOf(*context, *request)));
}

grpc::Status GroupsService::ActivateGroup(grpc::ServerContext* context,
                                          const v1::ActivateGroupRequest* request,
                                          v1::Group* response) {
  return Answer(
      groups_->SetActive(BareGroupId(request->name()), true, CallerOf(*context, *request)),
      [&](const Group& group) { *response = ToProto(group); });
}

grpc::Status GroupsService::DeactivateGroup(grpc::ServerContext* context,
                                            const v1::DeactivateGroupRequest* request,
                                            v1::Group* response) {
  return Answer(
      groups_->SetActive(BareGroupId(request->name()), false, CallerOf(*context, *request)),
      [&](const Group& group) { *response = ToProto(group); });
}

grpc::Status GroupsService::PromoteGroup(grpc::ServerContext* context,
                                         const v1::PromoteGroupRequest* request,
                                         v1::PromoteGroupResponse* response) {
  GroupRequests::Order order;
  order.group = BareGroupId(request->name());
  order.server = request->server();
  order.expected_primary = request->expected_primary();
  order.expected_epoch = request->expected_epoch();
  order.write_stop_budget = FromProto(request->write_stop_budget());
  return Answer(groups_->Promote(order, CallerOf(*context, *request)),
                [&](GroupRequests::Outcome outcome) { Fill(std::move(outcome), response); });
}

grpc::Status GroupsService::DemoteGroup(grpc::ServerContext* context,
                                        const v1::DemoteGroupRequest* request,
                                        v1::DemoteGroupResponse* response) {
  GroupRequests::Order order;
  order.group = BareGroupId(request->name());
  order.expected_primary = request->expected_primary();
  order.expected_epoch = request->expected_epoch();
  return Answer(groups_->Demote(order, CallerOf(*context, *request)),
                [&](GroupRequests::Outcome outcome) { Fill(std::move(outcome), response); });
}

grpc::Status GroupsService::AdoptGroup(grpc::ServerContext* context,
                                       const v1::AdoptGroupRequest* request,
                                       v1::AdoptGroupResponse* response) {
  Group wanted;
  wanted.id = request->group_id();
  wanted.description = request->description();
  wanted.durability = FromProto(request->durability()).value_or(Durability::kLossless);
  return Answer(adoption_->Adopt(wanted, request->address(), CallerOf(*context, *request)),
                [&](const Adoption::Result& result) {
                  *response->mutable_group() = ToProto(result.group);
                  if (!result.operation.has_value()) return;
                  *response->mutable_operation() = ToProto(*result.operation);
                });
}

grpc::Status GroupsService::ExplainGroup(grpc::ServerContext*,
                                         const v1::ExplainGroupRequest* request,
                                         v1::ExplainGroupResponse* response) {
  return Answer(groups_->Explain(BareGroupId(request->name())),
                [&](const GroupRequests::Explanation& explanation) {
                  const Plan& next = explanation.next;
                  *response->mutable_group() = ToProto(explanation.view);
                  for (const Finding& finding : explanation.findings) {
                    *response->add_findings() = ToProto(finding);
                  }
                  if (!next.steps.empty() || !next.waiting_for.empty()) {
                    *response->mutable_next_phase() = PhaseOf(next, explanation.view.group);
                  }
                  if (next.refusal.has_value())
                    *response->mutable_refusal() = ToProto(*next.refusal);
                  response->set_settled(explanation.view.look.has_value() && next.settled());
                });
}

grpc::Status GroupsService::ExplainDurability(grpc::ServerContext*,
                                              const v1::ExplainDurabilityRequest* request,
                                              v1::ExplainDurabilityResponse* response) {
  return Answer(
      groups_->Get(BareGroupId(request->name()), /*cached=*/false), [&](const GroupView& view) {
        const Snapshot* const look = view.look.has_value() ? &*view.look : nullptr;
        *response =
            DurabilityToProto(look != nullptr ? look->group : view.group, look, view.looked);
      });
}

grpc::Status GroupsService::AcknowledgeFailover(grpc::ServerContext* context,
                                                const v1::AcknowledgeFailoverRequest* request,
                                                v1::Group* response) {
  return Answer(guards_->Acknowledge(BareGroupId(request->name()), CallerOf(*context, *request)),
                [&](const Group& group) { *response = ToProto(group); });
}

grpc::Status GroupsService::SetMaintenance(grpc::ServerContext* context,
                                           const v1::SetMaintenanceRequest* request,
                                           v1::Group* response) {
  GuardRequests::Window window;
  window.group = BareGroupId(request->name());
  window.server = request->server();
  window.duration = FromProto(request->duration());
  window.reason = request->reason();
  return Answer(guards_->SetMaintenance(window, CallerOf(*context, *request)),
                [&](const Group& group) { *response = ToProto(group); });
}

}  // namespace weft::controller
