#include "services/controller/core/continue_alone.h"

#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"

namespace weft::controller {

bool LacksAcknowledgements(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Observation& primary = snapshot.Of(group.primary);
  if (!IsLosslessEpoch(group) || !primary.reached()) return false;
  if (CountAcknowledging(snapshot) >= static_cast<int>(WaitFor(group))) return false;
  // What it has executed since the look before was acknowledged by somebody.
  if (snapshot.still_for == absl::ZeroDuration()) return false;  // guard: rule 3
  if (primary.semi_sync.source_clients < WaitFor(group)) return true;
  // It counts those that are gone until its next heartbeat to them fails, or for ever where nothing
  // says that they are: but then its commits wait.
  return primary.semi_sync.source_waiting > 0;
}

std::optional<SetAcknowledgers> ContinueAlone(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (!MayContinueAlone(group)) return std::nullopt;
  if (!LacksAcknowledgements(snapshot)) return std::nullopt;  // guard: rule 3
  if (snapshot.unacknowledged_for < snapshot.continue_after) return std::nullopt;
  return SetAcknowledgers{.servers = {}, .watermark = group.watermark};
}

}  // namespace weft::controller
