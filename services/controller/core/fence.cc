#include <algorithm>
#include <cstdint>
#include <utility>

#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// No client of it is told OK, whether it is fenced or not: its commits wait for acknowledgements,
// for ever, and nobody who could give one is connected.
bool TellsNobody(const Observation& server) {
  const SemiSync& semi_sync = server.semi_sync;
  if (!semi_sync.source_active || semi_sync.source_clients > 0) return false;  // guard: rule 2
  return IsArmed(server, std::max<uint32_t>(semi_sync.source_wait_for, 1));
}

}  // namespace

std::vector<Step> FenceOthers(const Snapshot& snapshot, const ServerUuid& except) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (server == except) continue;
    // Somebody is rebuilding it; it serves nobody.
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;
    const Observation& seen = snapshot.Of(server);
    // Two rules, each with a test of its own. NOLINTNEXTLINE(bugprone-branch-clone)
    if (!IsFenced(seen)) {  // guard: rule 2
      steps.push_back(Fence{.server = server, .kill_sessions = true});
    } else if (IsCutOff(seen)) {  // guard: rule 2
      // Whoever fenced it did not come to the end: readers and replicas are let in again.
      steps.push_back(Fence{.server = server, .kill_sessions = true});
    }
  }
  return steps;
}

std::vector<Step> FenceFirst(const Snapshot& snapshot) {
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  const bool is_urgent = std::any_of(fence.begin(), fence.end(), [&](const Step& step) {
    return !TellsNobody(snapshot.Of(ServerOf(step)));
  });
  if (!is_urgent) fence.clear();
  return fence;
}

Plan WithFence(const Snapshot& snapshot, Plan plan) {
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  if (fence.empty()) return plan;
  if (plan.steps.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  const bool on_servers =
      !IsRecordStep(plan.steps.front()) && !std::holds_alternative<RunHook>(plan.steps.front());
  if (on_servers) plan.steps.insert(plan.steps.end(), fence.begin(), fence.end());
  return plan;
}

}  // namespace weft::controller
