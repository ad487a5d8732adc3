#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "services/provisioner/copies/group_directory.h"

namespace weft::provisioner {

// At most one server in a group, for tests. Not thread-safe.
class FakeGroupDirectory : public GroupDirectory {
 public:
  // The only server of any group; none while its group is empty.
  Membership member;
  ServerUuid uuid;
  // What every question fails with, unless OK.
  absl::Status error;

  absl::StatusOr<std::vector<MemberView>> MembersOf(const std::string&) override {
    if (!error.ok()) return error;
    return std::vector<MemberView>();
  }
  absl::StatusOr<std::vector<Membership>> AllMembers() override {
    if (!error.ok()) return error;
    if (member.group.empty()) return std::vector<Membership>();
    return std::vector<Membership>{{member.group, member.address, uuid}};
  }
  absl::StatusOr<Membership> FindMember(const std::vector<HostPort>& addresses,
                                        const ServerUuid& asked) override {
    if (!error.ok()) return error;
    const bool has_address =
        std::find(addresses.begin(), addresses.end(), member.address) != addresses.end();
    const bool has_uuid = !uuid.empty() && asked == uuid;
    return has_address || has_uuid ? member : Membership();
  }
};

}  // namespace weft::provisioner
