#pragma once

#include <set>

#include "common/model/group.h"
#include "common/model/ids.h"

namespace weft::controller {

// What is told of a group.
struct GroupNews {
  const Group& group;
  const std::set<ServerUuid>& drained;  // Snapshot::drained of the leader's last look
  bool removed = false;                 // it exists no more: `group` is the last record
};

}  // namespace weft::controller
