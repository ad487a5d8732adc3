#include "services/controller/raise_acknowledgements.h"

#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::controller {

bool RaisesAcknowledgements(const Group& record, uint32_t count) {
  return !record.primary.empty() && !record.acknowledgers.servers.empty() &&
         count > record.acknowledgements;
}

absl::Status RaiseAcknowledgements(const Group& record, uint32_t count, absl::Duration deadline,
                                   Farm* farm, Store* store, Clock* clock) {
  WEFT_RETURN_IF_ERROR(farm->Apply(record, ArmSource{record.primary, count}, deadline));
  const auto seen = farm->Probe(record, deadline);
  const auto primary = seen.find(record.primary);
  if (primary == seen.end() || !primary->second.reached()) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "PRIMARY_NOT_REACHED",
                           "the primary must answer for this", "an answer",
                           primary == seen.end() ? "none" : primary->second.error,
                           "start the primary, or promote another server");
  }
  return store->Apply(record,
                      SetAcknowledgers{record.acknowledgers.servers, primary->second.executed},
                      clock->Now());
}

}  // namespace weft::controller
