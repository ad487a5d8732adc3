#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {

Plan DecideDemotion(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (group.primary.empty()) {
    std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
    return fence.empty() ? Phase("finish", {Finish{}}) : Phase("fence", std::move(fence));
  }
  const Observation& primary = snapshot.Of(group.primary);
  if (!primary.reached()) {  // guard: rule 2
    const Verdict verdict = Judge(snapshot, /*ask_monitors=*/false);
    return Refuse(Refusal{.reason = "PRIMARY_NOT_REACHED",
                          .message = "expected the primary to answer, so that it can be fenced; "
                                     "found: " +
                                     verdict.evidence,
                          .next_step = "promote another server instead, or start the primary",
                          .servers = {group.primary}});
  }
  if (!IsFenced(primary)) {  // guard: rule 2
    return Phase("stop writes", {Fence{.server = group.primary, .kill_sessions = true}});
  }
  return Phase("commit", {Commit{.primary = ServerUuid(),
                                 .acknowledgers = {},
                                 .watermark = primary.executed,
                                 .old_primary_status = ServerStatus::kSecondary}});
}

}  // namespace weft::controller
