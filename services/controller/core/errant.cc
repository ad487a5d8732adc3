#include "services/controller/core/errant.h"

namespace weft::controller {

GtidSet Errant(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached() || server == group.primary || group.history.empty()) return GtidSet();
  GtidSet unexplained = seen.Held().Minus(group.history.back().at_start);
  if (!group.primary.empty()) unexplained = unexplained.Without(group.primary.text());
  const Observation& primary = snapshot.Of(group.primary);
  return primary.reached() ? unexplained.Minus(primary.executed) : unexplained;
}

GtidSet HeldSound(const Snapshot& snapshot, const ServerUuid& server) {
  return snapshot.Of(server).Held().Minus(Errant(snapshot, server));
}

}  // namespace weft::controller
