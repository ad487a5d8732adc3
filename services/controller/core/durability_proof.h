#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/model/group.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What one look at a group says for and against "a failover now would lose no commit that was
// acknowledged": who could acknowledge, who was reached, what each holds (rules 3 and 4).
struct DurabilityProof {
  // A server other than the primary of record.
  struct Witness {
    ServerUuid server;
    bool in_group = true;          // on record; else only the primary knows of it
    bool may_acknowledge = false;  // commits of this epoch may rely on it, wanted or not
    bool reached = false;
    bool acknowledges_now = false;
    // It may acknowledge and its word would not count at a failover; empty when it does.
    std::string unproven;
    GtidSet held;   // received or executed; empty when it was not reached
    GtidSet lacks;  // of `goal`; empty when it was not reached

    bool counts() const { return may_acknowledge && unproven.empty(); }
    friend bool operator==(const Witness&, const Witness&) = default;
  };

  Durability policy = Durability::kLossless;
  std::string effective;  // EffectiveDurability
  uint64_t epoch = 0;
  uint32_t wait_for = 0;  // acknowledgements that a commit needs; 0 under async
  ServerUuid primary;
  bool primary_reached = false;
  GtidSet watermark;
  // What a new primary ought to hold: what the primary has executed or, while it is silent, what
  // the servers reached hold, and the watermark. Replicas are read before the primary, so that
  // under writes each lacks the last few.
  GtidSet goal;
  std::vector<Witness> witnesses;  // those of the group ordered by uuid, then the others
  // Why there is no proof, with the servers that are missing for it; nullopt when it is proven.
  std::optional<Refusal> doubt;
};

// Pure. RefuseFailover decides what may be done; this may doubt more: nobody can ask a server
// outside of the group.
DurabilityProof ProveDurability(const Snapshot& snapshot);

}  // namespace weft::controller
