#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mysqld/instance.h"

namespace weft {

// A cluster of MySQL Group Replication (a single primary) of servers of this machine: what the
// state store of a sandbox or of a test is made of.
struct GroupReplicationOptions {
  std::string name;        // A uuid, the same for all members.
  std::vector<int> ports;  // One for each member, for what members say to each other.
  std::string password;    // Of the account that they copy from each other with.
};

// For InstanceOptions::extra_cnf and ::init_statements of the member with that index. The role is
// kStandalone. A dead member is voted out as soon as it is suspected, some six seconds after it
// fell silent (five of them are built into the server).
std::vector<std::string> GroupReplicationLines(const GroupReplicationOptions& options, int index);
std::vector<std::string> GroupReplicationStatements(int version,
                                                    const GroupReplicationOptions& options);

// That `user`, of any host, may ask a member who is the primary.
std::vector<std::string> ClusterReaderStatements(absl::string_view user);

// Brings those of `members` that run together: whoever is outside a cluster that has a majority
// joins it; where there is none and all run, the one that has executed the most bootstraps a new
// one, and the others join. Where there is none and one is missing nothing is done, since the
// missing one may have the most. Repeatable. Blocks for at most `timeout`, and ends early with
// CANCELLED when `cancelled` (may be empty) says so. DEADLINE_EXCEEDED: a member has not joined.
absl::Status Assemble(const std::vector<Instance>& members, absl::Duration timeout,
                      const std::function<bool()>& cancelled = {});

}  // namespace weft
