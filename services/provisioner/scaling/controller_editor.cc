#include "services/provisioner/scaling/controller_editor.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/access/rpc_rights.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/provisioner/copies/member_view.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);

std::string GroupName(const std::string& group) { return absl::StrCat("groups/", group); }
std::string ServerName(const ServerUuid& server) { return absl::StrCat("servers/", server.text()); }
std::string OperationId(const v1::Operation& operation) {
  return std::string(absl::StripPrefix(operation.name(), "operations/"));
}

}  // namespace

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> ControllerEditor::Call(
    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, const std::string& user) const {
  Response response;
  const rpc::LeaderClient::Outcome outcome = client_.Run(
      kTimeout, [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
        if (!user.empty()) context->AddMetadata(std::string(access::kOnBehalfOf), user);
        Stub stub(channel);
        return (stub.*method)(context, request, &response);
      });
  if (!outcome.status.ok()) return outcome.status;
  return response;
}

absl::StatusOr<GroupView> ControllerEditor::Look(const std::string& group) {
  v1::GetGroupRequest request;
  request.set_name(GroupName(group));
  WEFT_ASSIGN_OR_RETURN(const v1::Group found, Call(&v1::Groups::Stub::GetGroup, request, ""));
  GroupView view;
  view.durability = found.durability() == v1::ASYNC ? Durability::kAsync : Durability::kLossless;
  view.acknowledgements = found.acknowledgements();
  view.continues_alone = found.settings().on_last_acknowledger_lost() == "continue";
  for (const std::string& name : found.acknowledgers()) {
    WEFT_ASSIGN_OR_RETURN(ServerUuid uuid, ServerUuid::Parse(absl::StripPrefix(name, "servers/")));
    view.acknowledgers.insert(std::move(uuid));
  }
  for (const v1::Server& server : found.servers()) {
    WEFT_ASSIGN_OR_RETURN(MemberView member, MemberOf(server));
    view.members.push_back(std::move(member));
  }
  return view;
}

absl::StatusOr<GroupEditor::Begun> ControllerEditor::Add(const std::string& group,
                                                         const HostPort& address,
                                                         const Place& place, const By& by) {
  v1::AddServerRequest request;
  request.set_group(GroupName(group));
  request.set_address(address.ToString());
  request.set_status(v1::SPARE);
  request.set_weight_set(true);
  request.set_zone(place.zone);
  request.set_promotion_rule(rpc::ToProto(place.promotion_rule));
  request.set_request_id(by.request_id);
  WEFT_ASSIGN_OR_RETURN(const v1::AddServerResponse response,
                        Call(&v1::Servers::Stub::AddServer, request, by.user));
  Begun begun;
  WEFT_ASSIGN_OR_RETURN(begun.server, ServerUuid::Parse(absl::StripPrefix(
                                          response.operation().server(), "servers/")));
  begun.operation = OperationId(response.operation());
  return begun;
}

absl::StatusOr<GroupEditor::Begun> ControllerEditor::Remove(const std::string& group,
                                                            const ServerUuid& server,
                                                            const By& by) {
  v1::RemoveServerRequest request;
  request.set_group(GroupName(group));
  request.set_server(ServerName(server));
  request.set_request_id(by.request_id);
  WEFT_ASSIGN_OR_RETURN(const v1::RemoveServerResponse response,
                        Call(&v1::Servers::Stub::RemoveServer, request, by.user));
  return Begun{server, OperationId(response.operation())};
}

absl::Status ControllerEditor::Update(const ServerUuid& server, const Change& change,
                                      const By& by) {
  v1::UpdateServerRequest request;
  request.mutable_server()->set_name(ServerName(server));
  const auto set = [&](const char* field) { request.mutable_update_mask()->add_paths(field); };
  if (change.status.has_value()) {
    request.mutable_server()->set_status(rpc::ToProto(*change.status));
    set("status");
  }
  if (change.mode.has_value()) {
    request.mutable_server()->set_mode(rpc::ToProto(*change.mode));
    set("mode");
  }
  if (change.weight.has_value()) {
    request.mutable_server()->set_weight(*change.weight);
    set("weight");
  }
  request.set_request_id(by.request_id);
  return Call(&v1::Servers::Stub::UpdateServer, request, by.user).status();
}

absl::Status ControllerEditor::Cancel(const std::string& operation, const std::string& user) {
  v1::CancelOperationRequest request;
  request.set_name(absl::StrCat("operations/", operation));
  return Call(&v1::Operations::Stub::CancelOperation, request, user).status();
}

}  // namespace weft::provisioner
