#include "services/controller/core/snapshot.h"

namespace weft::controller {

const Observation& Snapshot::Of(const ServerUuid& uuid) const {
  static const Observation* const kNotLookedAt = new Observation;
  const auto found = seen.find(uuid);
  return found == seen.end() ? *kNotLookedAt : found->second;
}

}  // namespace weft::controller
