#pragma once

#include "common/rpc/leader_client.h"
#include "services/provisioner/copies/group_directory.h"

namespace weft::provisioner {

// The groups as the leading controller knows them.
class ControllerDirectory : public GroupDirectory {
 public:
  // `client` logs in as the provisioner's own user.
  explicit ControllerDirectory(rpc::LeaderClient client) : client_(std::move(client)) {}

  absl::StatusOr<std::vector<MemberView>> MembersOf(const std::string& group) override;
  absl::StatusOr<std::vector<Membership>> AllMembers() override;
  absl::StatusOr<Membership> FindMember(const std::vector<HostPort>& addresses,
                                        const ServerUuid& uuid) override;

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const;

  const rpc::LeaderClient client_;
};

}  // namespace weft::provisioner
