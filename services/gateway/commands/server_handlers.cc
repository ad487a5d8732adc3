#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/server.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/copies.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;

// Changes the field that `request` names, of the session's subject.
absl::StatusOr<Deed> Update(Session& session, v1::UpdateServerRequest request, const char* field,
                            const char* action) {
  request.mutable_server()->set_name(session.subject.uuid);
  request.mutable_update_mask()->add_paths(field);
  request.set_request_id(session.request_id());
  WEFT_RETURN_IF_ERROR(session.CallInTurn(&v1::Servers::Stub::UpdateServer, request).status());
  session.Settle(session.subject.group);
  return Deed{{true}, {action}};
}

absl::Status CheckStatusChange(const v1::Server& server, ServerStatus to) {
  if (to == ServerStatus::kPrimary) {
    return FabricError(kServerError,
                       absl::StrCat("If you want to make a server (", server.uuid(),
                                    ") primary, please, use the group.promote function."));
  }
  if (to == ServerStatus::kFaulty) {
    return FabricError(kServerError,
                       absl::StrCat("If you want to set a server (", server.uuid(),
                                    ") to faulty, please, use the threat.report_faulty "
                                    "interface."));
  }
  const bool legal = to == ServerStatus::kSecondary
                         ? server.status() == v1::SPARE
                         : server.status() == v1::SECONDARY || server.status() == v1::FAULTY;
  if (legal) return absl::OkStatus();
  return FabricError(
      kServerError,
      absl::StrCat("Cannot change server's (", server.uuid(), ") status from (",
                   v1::ServerStatus_Name(server.status()), ") to (", ToString(to), ")."));
}

absl::StatusOr<Deed> SetStatus(Session& session, const List& arguments) {
  WEFT_ASSIGN_OR_RETURN(const ServerStatus status, StatusOfArgument(arguments[1]));
  WEFT_ASSIGN_OR_RETURN(const v1::Server server, session.ServerOf(TextOf(arguments[0])));
  WEFT_RETURN_IF_ERROR(CheckStatusChange(server, status));
  v1::UpdateServerRequest request;
  request.mutable_server()->set_status(rpc::ToProto(status));
  return Update(session, std::move(request), "status", "_set_server_status");
}

absl::StatusOr<Deed> SetMode(Session& session, const List& arguments) {
  WEFT_ASSIGN_OR_RETURN(const ServerMode mode, ModeOfArgument(arguments[1]));
  WEFT_ASSIGN_OR_RETURN(const v1::Server server, session.ServerOf(TextOf(arguments[0])));
  const auto status = rpc::FromProto(server.status());
  // A FAULTY server has no mode in Fabric, and a CONFIGURING one is not known to it.
  const bool settled = status.has_value() && *status != ServerStatus::kFaulty &&
                       *status != ServerStatus::kConfiguring;
  if (!settled || !IsLegalMode(*status, mode)) {
    return FabricError(
        kServerError,
        absl::StrCat("Cannot set mode to (", ToString(mode), ") when the server's (", server.uuid(),
                     ") status is (", v1::ServerStatus_Name(server.status()), ")."));
  }
  v1::UpdateServerRequest request;
  request.mutable_server()->set_mode(rpc::ToProto(mode));
  return Update(session, std::move(request), "mode", "_set_server_mode");
}

absl::StatusOr<Deed> SetWeight(Session& session, const List& arguments) {
  WEFT_RETURN_IF_ERROR(session.ServerOf(TextOf(arguments[0])).status());
  const std::optional<double> weight = NumberOf(arguments[1]);
  if (!weight.has_value()) {
    return FabricError(kServerError,
                       absl::StrCat("Value (", TextOf(arguments[1]), ") must be a float."));
  }
  if (*weight <= 0) {
    return FabricError(kServerError,
                       absl::StrCat("Cannot set the server's weight (", TextOf({*weight}),
                                    ") to a value lower than or equal to 0.0"));
  }
  if (!(*weight <= 1)) {
    return FabricError(kServerError,
                       absl::StrCat("Cannot set the server's weight (", TextOf({*weight}),
                                    ") to a value greater than 1.0: it is a share "
                                    "of the reads."));
  }
  v1::UpdateServerRequest request;
  request.mutable_server()->set_weight(*weight);
  return Update(session, std::move(request), "weight", "_set_server_weight");
}

absl::StatusOr<std::vector<ResultSet>> LookUpUuid(Session& session, const List& arguments) {
  const std::string address = TextOf(arguments[0]);
  session.subject.server = session.subject.address = address;
  WEFT_ASSIGN_OR_RETURN(const std::string uuid, session.UuidAt(address));
  return std::vector<ResultSet>{UuidSet({uuid})};
}

// The original's checks, in its order.
absl::Status CheckClone(Session& session, const List& arguments) {
  const std::string group = TextOf(arguments[0]);
  const std::string address = TextOf(arguments[1]);
  session.subject = {group, address, "", address};
  WEFT_ASSIGN_OR_RETURN(const std::string uuid, session.UuidAt(address));
  if (const auto known = session.here().lookups->FindServer(uuid); known.has_value()) {
    return FabricError(kServerError,
                       absl::StrCat("Destination server (", known->address,
                                    ") is already part of group (", known->group, ")"));
  }
  if (const std::string source = TextOrEmpty(arguments[2]); !source.empty()) {
    WEFT_RETURN_IF_ERROR(session.MemberOf(source).status());
  } else {
    WEFT_RETURN_IF_ERROR(session.GroupOf(group).status());
  }
  if (session.here().provisioners.has_value()) return absl::OkStatus();
  return FabricError(
      kServerError,
      absl::StrCat("There is no provisioner to clone a server. Please, use: weft group add ", group,
                   " ", address, " --rebuild"));
}

absl::StatusOr<Deed> Clone(Session& session, const List& arguments) {
  v1::CloneServerRequest request;
  request.set_group(absl::StrCat("groups/", TextOf(arguments[0])));
  request.set_target(TextOf(arguments[1]));
  request.set_source(TextOrEmpty(arguments[2]));
  request.set_request_id(session.request_id());
  WEFT_ASSIGN_OR_RETURN(const v1::CloneServerResponse begun,
                        session.CallProvisioner(&v1::Copies::Stub::CloneServer, request));
  WEFT_RETURN_IF_ERROR(session.Await(begun.operation()).status());
  return Deed{{true}, {"_backup_server", "_restore_server"}};
}

constexpr Handler kHandlers[] = {
    {"server.set_status", Lane::kChanges, kServerError, nullptr, &SetStatus},
    {"server.set_mode", Lane::kChanges, kServerError, nullptr, &SetMode},
    {"server.set_weight", Lane::kChanges, kServerError, nullptr, &SetWeight},
    {"server.lookup_uuid", Lane::kChanges, kServerError, &LookUpUuid, nullptr},
    {"server.clone", Lane::kChanges, kServerError, nullptr, &Clone, &CheckClone},
};

}  // namespace

absl::Span<const Handler> ServerHandlers() { return kHandlers; }

}  // namespace weft::gateway
