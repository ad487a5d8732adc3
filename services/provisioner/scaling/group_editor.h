#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/group.h"
#include "common/model/ids.h"
#include "common/model/server.h"
#include "services/provisioner/copies/group_directory.h"

namespace weft::provisioner {

// A group as the controllers see it now.
struct GroupView {
  Durability durability = Durability::kLossless;
  uint32_t acknowledgements = 1;
  std::set<ServerUuid> acknowledgers;
  // Commits that too few can acknowledge go on after a while (GroupSettings).
  bool continues_alone = false;
  std::vector<MemberView> members;

  const MemberView* Find(const ServerUuid& uuid) const;
  const MemberView* Find(const HostPort& address) const;
  // The primary where it is healthy; nullptr where there is none.
  const MemberView* Primary() const;
};

// What the provisioner has the controllers do to a group. Thread-safe; each call blocks for seconds
// at most. Changes are made in the name of a user, who needs the rights for them, and once for each
// request id: the same call again returns what the first one did. UNAVAILABLE or DEADLINE_EXCEEDED:
// no controller answered, and of a change it is not known whether it was made.
class GroupEditor {
 public:
  virtual ~GroupEditor() = default;

  struct By {
    std::string user;  // empty: where calls need no login
    std::string request_id;
  };
  // A change that goes on: the id of its operation, whose end Inventory::GetJob tells.
  struct Begun {
    ServerUuid server;
    std::string operation;
  };

  // NOT_FOUND: there is no such group.
  virtual absl::StatusOr<GroupView> Look(const std::string& group) = 0;
  // What a new member is from the beginning; all else is changed once it has caught up.
  struct Place {
    std::string zone;
    PromotionRule promotion_rule = PromotionRule::kNeutral;
  };
  // Adds a SPARE that is OFFLINE: it follows the primary, and nobody reads from it.
  virtual absl::StatusOr<Begun> Add(const std::string& group, const HostPort& address,
                                    const Place& place, const By& by) = 0;
  virtual absl::StatusOr<Begun> Remove(const std::string& group, const ServerUuid& server,
                                       const By& by) = 0;

  struct Change {
    std::optional<ServerStatus> status;
    std::optional<ServerMode> mode;
    std::optional<double> weight;
  };
  virtual absl::Status Update(const ServerUuid& server, const Change& change, const By& by) = 0;
  // Asks for the end of an operation, of a controller or of a provisioner.
  virtual absl::Status Cancel(const std::string& operation, const std::string& user) = 0;
};

}  // namespace weft::provisioner
