#include "services/provisioner/copies/controller_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/provisioner/copies/member_view.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);

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

absl::StatusOr<std::vector<Membership>> ControllerDirectory::AllMembers() {
  std::vector<Membership> members;
  v1::ListServersRequest request;
  request.set_page_size(1000);
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListServersResponse page,
                          Call(&v1::Servers::Stub::ListServers, request));
    for (const v1::Server& server : page.servers()) {
      Membership member;
      member.group = std::string(absl::StripPrefix(server.group(), "groups/"));
      WEFT_ASSIGN_OR_RETURN(member.address, HostPort::Parse(server.address()));
      member.uuid = ServerUuid::Parse(server.uuid()).value_or(ServerUuid());
      members.push_back(std::move(member));
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return members;
}

absl::StatusOr<Membership> ControllerDirectory::FindMember(const std::vector<HostPort>& addresses,
                                                           const ServerUuid& uuid) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<Membership> members, AllMembers());
  for (const Membership& member : members) {
    const bool has_address =
        std::find(addresses.begin(), addresses.end(), member.address) != addresses.end();
    if (has_address || (!uuid.empty() && member.uuid == uuid)) return member;
  }
  return Membership();
}

}  // namespace weft::provisioner
