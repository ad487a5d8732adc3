#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;

// "groups/G"; the group becomes the subject of the run.
std::string NameOf(Session& session, const fabric::Value& group) {
  session.subject.group = TextOf(group);
  return absl::StrCat("groups/", session.subject.group);
}

Deed Did(std::vector<std::string> actions) { return {{true}, std::move(actions)}; }

absl::StatusOr<Deed> Create(Session& session, const List& arguments) {
  const std::string group = TextOf(arguments[0]);
  session.subject.group = group;
  if (const absl::Status name = ValidateGroupId(group); !name.ok()) {
    return FabricError(
        kGroupError, absl::StrCat("Group (", group, ") cannot be created: ", name.message(), "."));
  }
  v1::CreateGroupRequest request;
  request.set_group_id(group);
  request.set_description(TextOrEmpty(arguments[1]));
  request.set_request_id(session.request_id());
  WEFT_RETURN_IF_ERROR(session.Call(&v1::Groups::Stub::CreateGroup, request).status());
  session.Settle(group);
  return Did({"_create_group"});
}

absl::StatusOr<Deed> Destroy(Session& session, const List& arguments) {
  v1::DestroyGroupRequest request;
  request.set_name(NameOf(session, arguments[0]));
  request.set_request_id(session.request_id());
  WEFT_RETURN_IF_ERROR(session.CallInTurn(&v1::Groups::Stub::DestroyGroup, request).status());
  session.Settle(session.subject.group);
  return Did({"_destroy_group"});
}

absl::StatusOr<Deed> Describe(Session& session, const List& arguments) {
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name(NameOf(session, arguments[0]));
  request.mutable_group()->set_description(TextOrEmpty(arguments[1]));
  request.mutable_update_mask()->add_paths("description");
  request.set_request_id(session.request_id());
  WEFT_RETURN_IF_ERROR(session.Call(&v1::Groups::Stub::UpdateGroup, request).status());
  session.Settle(session.subject.group);
  return Did({"_update_group_description"});
}

absl::StatusOr<Deed> Add(Session& session, const List& arguments) {
  v1::AddServerRequest request;
  request.set_group(NameOf(session, arguments[0]));
  const std::string address = TextOf(arguments[1]);
  session.subject.server = session.subject.address = address;
  request.set_address(address);
  request.set_update_only(IsTruthy(arguments[3]));
  request.set_request_id(session.request_id());
  const auto added = session.CallInTurn(&v1::Servers::Stub::AddServer, request);
  if (!added.ok()) {
    // Fabric names most of what is wrong with a server by its uuid.
    const absl::Status error = OfServer(added.status());
    const std::string reason = ErrorReason(error);
    if (reason != "SERVER_UNREACHABLE" && !absl::EndsWith(reason, "_GROUP")) {
      session.subject.uuid = session.UuidAt(address).value_or("");
    }
    return error;
  }
  session.subject.uuid = added->server().uuid();
  WEFT_RETURN_IF_ERROR(session.Conclude(added->operation()));
  return Did({"_add_server"});
}

absl::StatusOr<Deed> Remove(Session& session, const List& arguments) {
  v1::RemoveServerRequest request;
  request.set_group(NameOf(session, arguments[0]));
  WEFT_RETURN_IF_ERROR(session.GroupOf(session.subject.group).status());
  WEFT_ASSIGN_OR_RETURN(const v1::Server server, session.MemberOf(TextOf(arguments[1])));
  request.set_server(server.uuid());
  request.set_request_id(session.request_id());
  WEFT_ASSIGN_OR_RETURN(const auto removed,
                        session.CallInTurn(&v1::Servers::Stub::RemoveServer, request));
  WEFT_RETURN_IF_ERROR(session.Conclude(removed.operation()));
  return Did({"_remove_server"});
}

// Has the group's failures repaired without being asked, or no more.
template <typename Request, typename Method>
absl::StatusOr<Deed> Guard(Session& session, const List& arguments, Method method,
                           const char* action) {
  Request request;
  request.set_name(NameOf(session, arguments[0]));
  request.set_request_id(session.request_id());
  WEFT_RETURN_IF_ERROR(session.Call(method, request).status());
  session.Settle(session.subject.group);
  return Did({action});
}

absl::StatusOr<Deed> Activate(Session& session, const List& arguments) {
  return Guard<v1::ActivateGroupRequest>(session, arguments, &v1::Groups::Stub::ActivateGroup,
                                         "_activate_group");
}

absl::StatusOr<Deed> Deactivate(Session& session, const List& arguments) {
  return Guard<v1::DeactivateGroupRequest>(session, arguments, &v1::Groups::Stub::DeactivateGroup,
                                           "_deactivate_group");
}

absl::StatusOr<std::vector<std::string>> AllGroups(Session& session) {
  std::vector<std::string> groups;
  v1::ListGroupsRequest request;
  request.set_page_size(1000);
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListGroupsResponse page,
                          session.Call(&v1::Groups::Stub::ListGroups, request));
    for (const v1::Group& group : page.groups()) groups.push_back(group.id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return groups;
}

// Each group is a request of its own, so each has its own id.
absl::StatusOr<Deed> ForAll(Session& session, ProcedureHandler change, const char* action) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> groups, AllGroups(session));
  for (const std::string& group : groups) {
    Session one(&session.here(), session.user(), "", session.deadline());
    const absl::Status changed = change(one, {{group}}).status();
    session.subject = one.subject;
    // A group may have gone meanwhile.
    if (!absl::IsNotFound(changed)) WEFT_RETURN_IF_ERROR(changed);
  }
  return Did({action});
}

absl::StatusOr<Deed> ActivateAll(Session& session, const List&) {
  return ForAll(session, &Activate, "_activate_group");
}

absl::StatusOr<Deed> DeactivateAll(Session& session, const List&) {
  return ForAll(session, &Deactivate, "_deactivate_group");
}

// True where the group has a primary that is not known to be dead: then Fabric switches over.
bool HasLivingPrimary(const v1::Group& group) {
  for (const v1::Server& server : group.servers()) {
    if (server.name() == group.primary()) return server.status() != v1::FAULTY;
  }
  return false;
}

Deed Promoted(bool is_switchover, bool is_chosen) {
  std::vector<std::string> actions = {"_define_ha_operation"};
  if (!is_chosen) {
    actions.push_back(is_switchover ? "_find_candidate_switch" : "_find_candidate_fail");
  }
  if (is_switchover) {
    actions.insert(actions.end(),
                   {"_check_candidate_switch", "_block_write_switch", "_wait_slaves_switch"});
  } else {
    actions.insert(actions.end(), {"_check_candidate_fail", "_wait_slave_fail"});
  }
  actions.push_back("_change_to_candidate");
  return Did(std::move(actions));
}

absl::StatusOr<Deed> Promote(Session& session, const List& arguments) {
  v1::PromoteGroupRequest request;
  request.set_name(NameOf(session, arguments[0]));
  const std::string candidate = TextOrEmpty(arguments[1]);
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, session.GroupOf(session.subject.group));
  if (candidate.empty() && IsTruthy(arguments[2])) {
    return FabricError(kServerError,
                       "The new master must be specified through --slave-uuid if --update-only is "
                       "set.");
  }
  if (!candidate.empty()) {
    WEFT_ASSIGN_OR_RETURN(const v1::Server server, session.MemberOf(candidate));
    request.set_server(server.uuid());
  }
  request.set_request_id(session.request_id());
  WEFT_ASSIGN_OR_RETURN(const auto begun,
                        session.CallInTurn(&v1::Groups::Stub::PromoteGroup, request));
  WEFT_RETURN_IF_ERROR(session.Conclude(begun.operation()));
  return Promoted(HasLivingPrimary(group), !candidate.empty());
}

absl::StatusOr<Deed> Demote(Session& session, const List& arguments) {
  v1::DemoteGroupRequest request;
  request.set_name(NameOf(session, arguments[0]));
  request.set_request_id(session.request_id());
  WEFT_ASSIGN_OR_RETURN(const auto begun,
                        session.CallInTurn(&v1::Groups::Stub::DemoteGroup, request));
  WEFT_RETURN_IF_ERROR(session.Conclude(begun.operation()));
  return Did({"_block_write_demote", "_wait_slaves_demote"});
}

// --- group.health

std::string OrFalse(const std::string& error) { return error.empty() ? "False" : error; }

fabric::List HealthRow(const v1::Server& server, bool is_primary) {
  const v1::ServerHealth& health = server.health();
  const bool alive = health.contact() == "answered";
  const bool there = alive || health.contact() == "rejected";
  const std::string status =
      there && server.set_aside().empty() ? v1::ServerStatus_Name(server.status()) : "FAULTY";
  const bool looked = alive && !is_primary;
  const bool configured = !health.receiver().empty();
  const bool receives = health.receiver() == "on";
  const bool applies = health.applier_running();
  const bool neither = looked && configured && !receives && !applies;
  return {{server.uuid()},
          {alive},
          {status},
          {neither},
          {looked && !configured},
          {looked && configured && !receives && !neither},
          {looked && configured && !applies && !neither},
          {looked ? OrFalse(health.receiver_error()) : "False"},
          {looked ? OrFalse(health.applier_error()) : "False"}};
}

// Who replicates, and from the wrong server.
ResultSet IssuesOf(const v1::Group& group) {
  ResultSet issues;
  issues.columns = {{"issue", Type::kString}};
  std::map<std::string, std::string> uuids;
  for (const v1::Server& server : group.servers()) uuids[server.address()] = server.uuid();
  const std::string primary(absl::StripPrefix(group.primary(), "servers/"));
  for (const v1::Server& server : group.servers()) {
    const v1::ServerHealth& health = server.health();
    if (server.uuid() == primary || health.receiver() != "on" || !health.applier_running()) {
      continue;
    }
    const auto found = uuids.find(health.source());
    const std::string source = found != uuids.end() ? found->second : health.source();
    if (source == primary) continue;
    issues.rows.push_back({{absl::StrCat("Group has master (", primary.empty() ? "None" : primary,
                                         ") but server is connected to master (", source, ").")}});
  }
  return issues;
}

absl::StatusOr<std::vector<ResultSet>> Health(Session& session, const List& arguments) {
  v1::GetGroupRequest request;
  request.set_name(NameOf(session, arguments[0]));
  WEFT_ASSIGN_OR_RETURN(const v1::Group group, session.Call(&v1::Groups::Stub::GetGroup, request));
  ResultSet servers;
  servers.columns = {{"uuid", Type::kString},
                     {"is_alive", Type::kBoolean},
                     {"status", Type::kString},
                     {"is_not_running", Type::kBoolean},
                     {"is_not_configured", Type::kBoolean},
                     {"io_not_running", Type::kBoolean},
                     {"sql_not_running", Type::kBoolean},
                     {"io_error", Type::kString},
                     {"sql_error", Type::kString}};
  for (const v1::Server& server : group.servers()) {
    servers.rows.push_back(HealthRow(server, server.name() == group.primary()));
  }
  return std::vector<ResultSet>{std::move(servers), IssuesOf(group)};
}

constexpr Handler kHandlers[] = {
    {"group.create", Lane::kChanges, kGroupError, nullptr, &Create},
    {"group.destroy", Lane::kChanges, kGroupError, nullptr, &Destroy},
    {"group.description", Lane::kChanges, kGroupError, nullptr, &Describe},
    {"group.add", Lane::kChanges, kServerError, nullptr, &Add},
    {"group.remove", Lane::kChanges, kGroupError, nullptr, &Remove},
    {"group.activate", Lane::kChanges, kGroupError, nullptr, &Activate},
    {"group.deactivate", Lane::kChanges, kGroupError, nullptr, &Deactivate},
    {"group.activate_all", Lane::kChanges, kGroupError, nullptr, &ActivateAll},
    {"group.deactivate_all", Lane::kChanges, kGroupError, nullptr, &DeactivateAll},
    {"group.promote", Lane::kChanges, kGroupError, nullptr, &Promote},
    {"group.demote", Lane::kChanges, kGroupError, nullptr, &Demote},
    {"group.health", Lane::kChanges, kGroupError, &Health, nullptr},
};

}  // namespace

absl::Span<const Handler> GroupHandlers() { return kHandlers; }

}  // namespace weft::gateway
