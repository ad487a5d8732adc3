#include "services/gateway/commands/session.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/access/rpc_rights.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "protos/weft/v1/topology.grpc.pb.h"

namespace weft::gateway {
namespace {

using v1::Operation;

// The longest that one call may take; none waits for more than a look at some servers.
constexpr absl::Duration kCall = absl::Seconds(30);
// Of one question whether an operation has ended.
constexpr absl::Duration kWaitRound = absl::Seconds(60);
// How long the controllers may be gone while an operation is waited for: it outlives them.
constexpr absl::Duration kLookForController = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(250);
// Between two looks whether it is a change's turn.
constexpr absl::Duration kTurn = absl::Milliseconds(50);
// How long lookups may take to show one state of a group before that is read anew.
constexpr absl::Duration kSettleRound = absl::Milliseconds(250);

bool HasEnded(const Operation& operation) {
  return operation.state() != Operation::RUNNING &&
         operation.state() != Operation::STATE_UNSPECIFIED;
}

absl::Status StatusOf(const Operation& operation) {
  switch (operation.state()) {
    case Operation::FAILED: {
      ErrorDetail detail;
      detail.reason = operation.error_reason();
      return Refusal(absl::StatusCode::kFailedPrecondition, operation.error_message(), detail);
    }
    case Operation::CANCELLED:
      return FabricError(kProcedureError,
                         absl::StrCat("Somebody cancelled ", operation.name(), "."));
    case Operation::SUCCEEDED:
      return absl::OkStatus();
    default:
      return FabricError(kTimeoutError,
                         absl::StrCat(operation.name(),
                                      " has not ended yet and goes on. Please, wait for it with "
                                      "event.wait_for_procedures or weft operation wait."));
  }
}

absl::Status Unserved(const std::string& message) {
  return Refusal(absl::StatusCode::kUnavailable, "CONTROLLER_UNREACHABLE", message, "", "",
                 "start a controller");
}

bool Shows(const RoutedGroup& routed, const v1::GroupRoute& route) {
  if (routed.epoch > route.epoch()) return true;  // newer than what was asked for
  if (routed.description != route.description() || routed.active != route.active() ||
      routed.primary != absl::StripPrefix(route.primary(), "servers/") ||
      routed.servers.size() != static_cast<size_t>(route.servers_size())) {
    return false;
  }
  return std::equal(routed.servers.begin(), routed.servers.end(), route.servers().begin(),
                    [](const RoutedServer& server, const v1::ServerRoute& pushed) {
                      return server.uuid == pushed.uuid() && server.weight == pushed.weight() &&
                             server.status == rpc::FromProto(pushed.status()) &&
                             server.mode == rpc::FromProto(pushed.mode());
                    });
}

// The operation that another change of the group belongs to, as the refusal names it.
std::string PendingOperation(const absl::Status& error) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(error);
  if (!detail.has_value()) return "";
  absl::string_view found = detail->found;
  if (!absl::ConsumePrefix(&found, "operation ")) return "";
  return absl::StrCat("operations/", found);
}

}  // namespace

absl::Status Session::Run(const rpc::LeaderClient& client, const std::string& user,
                          rpc::LeaderClient::Attempt attempt) {
  const rpc::LeaderClient::Outcome outcome =
      client.Run(std::min(kCall, deadline_.Remaining()),
                 [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
                   if (!user.empty()) context->AddMetadata(std::string(access::kOnBehalfOf), user);
                   return attempt(channel, context);
                 });
  return outcome.status.ok() ? outcome.status : Explain(client, outcome);
}

absl::Status Session::Explain(const rpc::LeaderClient& client,
                              const rpc::LeaderClient::Outcome& outcome) const {
  const bool controller = &client == &here().client;
  const absl::Status& error = outcome.status;
  if (client.interrupt()->raised()) {
    return FabricError(kServiceError,
                       "This gateway is being stopped. What was asked for may have begun.");
  }
  if (outcome.controller == nullptr) {
    const std::string said =
        absl::StrJoin(outcome.said, "; ", [](std::string* text, const auto& one) {
          absl::StrAppend(text, one.controller->address, ": ", one.status.message());
        });
    return Unserved(absl::StrCat(controller ? "No controller" : "No provisioner",
                                 " could serve this (", said, ")"));
  }
  if (rpc::IsUnreachable(*outcome.controller, error)) {
    return Unserved(absl::StrCat(controller ? "No controller" : "No provisioner", " answers at ",
                                 client.controllers()->Addresses()));
  }
  if (absl::IsDeadlineExceeded(error)) {
    return FabricError(kTimeoutError,
                       absl::StrCat("The ", controller ? "controller" : "provisioner", " at ",
                                    outcome.controller->address,
                                    " did not answer in time. What was asked for may have begun."));
  }
  return error;
}

bool Session::AwaitTurn(const absl::Status& error) {
  const std::string reason = ErrorReason(error);
  if (reason != "INTENT_PENDING" && reason != "GROUP_BUSY" && reason != "REQUEST_UNDER_WAY") {
    return false;
  }
  if (deadline_.Passed()) return false;
  if (const std::string pending = PendingOperation(error); !pending.empty()) {
    Operation other;
    other.set_name(pending);
    other.set_state(Operation::RUNNING);
    (void)Await(other);  // only that it has ended matters
  }
  Interrupt* const interrupt = here().client.interrupt();
  return !interrupt->AwaitBeyond(0, std::min(kTurn, deadline_.Remaining()));
}

absl::StatusOr<Operation> Session::Await(const Operation& operation) {
  if (operation.name().empty()) return operation;
  Operation now = operation;
  Deadline patience = Deadline::After(here().clock, kLookForController);
  while (!HasEnded(now) && !deadline_.Passed()) {
    const absl::Duration round = std::min(kWaitRound, deadline_.Remaining());
    v1::WaitOperationRequest request;
    request.set_name(operation.name());
    // The answer must come before the call ends.
    request.mutable_timeout()->set_seconds(
        std::max<int64_t>(1, absl::ToInt64Seconds(std::min(kCall, round) / 2)));
    absl::StatusOr<Operation> answer = CallAsSelf(&v1::Operations::Stub::WaitOperation, request);
    if (answer.ok()) {
      now = *std::move(answer);
      patience = Deadline::After(here().clock, kLookForController);
      continue;
    }
    const bool gone = absl::IsUnavailable(answer.status());
    if (!gone || patience.Passed()) return answer.status();
    if (here().client.interrupt()->AwaitBeyond(0, kPause)) return answer.status();
  }
  WEFT_RETURN_IF_ERROR(StatusOf(now));
  return now;
}

absl::StatusOr<v1::Group> Session::GroupOf(const std::string& group) {
  v1::GetGroupRequest request;
  request.set_name(absl::StrCat("groups/", group));
  request.set_cached(true);
  return Call(&v1::Groups::Stub::GetGroup, request);
}

absl::StatusOr<v1::Server> Session::ServerOf(const std::string& id) {
  subject.server = id;
  v1::Server found;
  if (const auto known = here().lookups->FindServer(id); known.has_value()) {
    const absl::StatusOr<v1::Group> group = GroupOf(known->group);
    if (!group.ok() && !absl::IsNotFound(group.status())) return group.status();
    if (group.ok()) {
      for (const v1::Server& server : group->servers()) {
        if (server.uuid() == known->uuid) found = server;
      }
    }
  }
  if (found.uuid().empty()) {
    v1::GetServerRequest request;
    request.set_name(id);
    WEFT_ASSIGN_OR_RETURN(found, Call(&v1::Servers::Stub::GetServer, request));
  }
  subject.uuid = found.uuid();
  subject.address = found.address();
  if (subject.group.empty())
    subject.group = std::string(absl::StripPrefix(found.group(), "groups/"));
  return found;
}

absl::StatusOr<v1::Server> Session::MemberOf(const std::string& id) {
  WEFT_ASSIGN_OR_RETURN(v1::Server server, ServerOf(id));
  if (server.group() != absl::StrCat("groups/", subject.group)) {
    return NotInGroup(subject.group, id);
  }
  return server;
}

absl::StatusOr<std::string> Session::UuidAt(const std::string& address) {
  if (const auto known = here().lookups->FindServer(address); known.has_value()) {
    return known->uuid;
  }
  v1::LookupServerUuidRequest request;
  request.set_address(address);
  const auto response = Call(&v1::Servers::Stub::LookupServerUuid, request);
  if (!response.ok()) return OfServer(response.status());
  return response->uuid();
}

void Session::Settle(const std::string& group) {
  const Deadline deadline = Deadline::After(here().clock, here().settle_deadline);
  v1::GetTopologyRequest request;
  request.add_groups(absl::StrCat("groups/", group));
  while (!deadline.Passed()) {
    const auto topology = CallAsSelf(&v1::Topology::Stub::GetTopology, request);
    if (!topology.ok()) return;
    const bool gone = topology->groups().empty();
    const auto shown = [&](const RouteSnapshot& snapshot) {
      const auto found = snapshot.groups.find(group);
      if (found == snapshot.groups.end()) return gone;
      return !gone && Shows(*found->second, topology->groups(0));
    };
    if (here().routes->Await(shown, std::min(kSettleRound, deadline.Remaining()))) return;
  }
}

absl::Status Session::Conclude(const Operation& operation) {
  const absl::Status ended = Await(operation).status();
  Settle(subject.group);
  return ended;
}

}  // namespace weft::gateway
