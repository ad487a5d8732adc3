#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {

std::vector<Step> FenceOthers(const Snapshot& snapshot, const ServerUuid& except) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (server == except) continue;
    // Somebody is rebuilding it; it serves nobody.
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;
    if (!IsFenced(snapshot.Of(server))) {  // guard: rule 2
      steps.push_back(Fence{.server = server, .kill_sessions = true});
    }
  }
  return steps;
}

}  // namespace weft::controller
