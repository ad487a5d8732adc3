#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/gtid_set.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// Who may become the primary (rules 3, 5 and 6). Pure.

// Why `server` must not be promoted; nullopt when it may. `by_name`: a person asked for this one,
// so that a SPARE will do. Nobody may ask for one whose promotion rule is MUST_NOT. What Weft does
// unasked is bound by the group's settings, too (guards.h).
std::optional<Refusal> RefuseCandidate(const Snapshot& snapshot, const ServerUuid& server,
                                       bool by_name);

// Servers that may be promoted, the preferred first: by promotion rule, then those within the
// group's max_lag, then by weight, then by how
// little they still have to apply, then by uuid.
std::vector<ServerUuid> Candidates(const Snapshot& snapshot);

// There are no candidates: says of each server why not.
Refusal RefuseForWantOfCandidates(const Snapshot& snapshot);

// Everything that the servers reached hold, less what is errant: what the next primary must have
// executed before anything is written to it.
GtidSet Required(const Snapshot& snapshot);

// Who is to be the primary after a failover, and from whom it first has to get what it lacks.
struct Election {
  ServerUuid winner;
  ServerUuid catch_up_from;  // empty: the winner holds everything already
  GtidSet required;          // what it must have executed before the commit
  // The time to wait at once for what it fetches.
  absl::Duration patience = absl::Seconds(60);
};

// Elects, or refuses by name. Of servers of the same promotion rule one that holds everything wins
// over one that would have to fetch. One of a better rule fetches, where that is little and works:
// else the preference is passed over. REQUIRES: the primary of record does not answer.
struct ElectionResult {
  Election election;
  std::optional<Refusal> refusal;
};
ElectionResult Elect(const Snapshot& snapshot);

// Refuses when what is to be `required` lacks some of the watermark (rule 3).
std::optional<Refusal> RefuseBelowWatermark(const Snapshot& snapshot, const GtidSet& required);

}  // namespace weft::controller
