#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "common/model/server.h"

namespace weft::provisioner {

// A member of a group as the controllers see it.
struct MemberView {
  Server server;
  // It answers, and follows the primary where it is not that itself.
  bool healthy = false;
  std::string unhealthy_because;  // for people
  GtidSet executed;               // at the last look; empty where it did not answer
};

// A server of a group.
struct Membership {
  std::string group;  // empty: there is no such server
  HostPort address;   // as the group has it
  ServerUuid uuid;
};

// What the provisioner asks the controllers. Thread-safe; each call blocks for seconds at most.
// UNAVAILABLE: no controller answers.
class GroupDirectory {
 public:
  virtual ~GroupDirectory() = default;

  // The members of a group. NOT_FOUND: there is no such group.
  virtual absl::StatusOr<std::vector<MemberView>> MembersOf(const std::string& group) = 0;
  // All servers of all groups.
  virtual absl::StatusOr<std::vector<Membership>> AllMembers() = 0;
  // The server of any group that has one of these addresses, or this uuid.
  virtual absl::StatusOr<Membership> FindMember(const std::vector<HostPort>& addresses,
                                                const ServerUuid& uuid) = 0;
};

}  // namespace weft::provisioner
