#include "services/provisioner/copies/controller_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);

std::string WhyUnhealthy(const v1::Server& server) {
  const v1::ServerHealth& health = server.health();
  if (!server.has_health()) return "the controllers have not looked at it yet";
  if (health.contact() != "answered") return absl::StrCat("it is ", health.contact());
  if (server.status() == v1::PRIMARY) return "";
  if (health.source().empty()) return "it replicates from nobody";
  if (!health.applier_running()) {
    return absl::StrCat("its applier stands still ", health.applier_error());
  }
  return "";
}

absl::StatusOr<MemberView> MemberOf(const v1::Server& server) {
  MemberView member;
  WEFT_ASSIGN_OR_RETURN(member.server.uuid, ServerUuid::Parse(server.uuid()));
  WEFT_ASSIGN_OR_RETURN(member.server.address, HostPort::Parse(server.address()));
  member.server.group = std::string(absl::StripPrefix(server.group(), "groups/"));
  member.server.status = rpc::FromProto(server.status()).value_or(ServerStatus::kFaulty);
  member.server.weight = server.weight();
  member.server.set_aside = server.set_aside();
  member.unhealthy_because = WhyUnhealthy(server);
  member.healthy = member.unhealthy_because.empty();
  return member;
}

}  // namespace

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> ControllerDirectory::Call(
    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request) const {
  Response response;
  const rpc::LeaderClient::Outcome outcome = client_.Run(
      kTimeout, [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
        Stub stub(channel);
        return (stub.*method)(context, request, &response);
      });
  if (!outcome.status.ok()) return outcome.status;
  return response;
}

absl::StatusOr<std::vector<MemberView>> ControllerDirectory::MembersOf(const std::string& group) {
  v1::GetGroupRequest request;
  request.set_name(absl::StrCat("groups/", group));
  WEFT_ASSIGN_OR_RETURN(const v1::Group found, Call(&v1::Groups::Stub::GetGroup, request));
  std::vector<MemberView> members;
  for (const v1::Server& server : found.servers()) {
    WEFT_ASSIGN_OR_RETURN(MemberView member, MemberOf(server));
    members.push_back(std::move(member));
  }
  return members;
}

absl::StatusOr<std::string> ControllerDirectory::GroupOf(const HostPort& address,
                                                         const ServerUuid& uuid) {
  v1::ListServersRequest request;
  request.set_page_size(1000);
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListServersResponse page,
                          Call(&v1::Servers::Stub::ListServers, request));
    for (const v1::Server& server : page.servers()) {
      const bool same = server.uuid() == uuid.text() || server.address() == address.ToString();
      if (same) return std::string(absl::StripPrefix(server.group(), "groups/"));
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return "";
}

}  // namespace weft::provisioner
