#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What one controller remembers of one group from look to look: how long things have been as they
// are, and what the primary had executed when. Never needed for safety: with an empty memory (a new
// leader, a new epoch) less is proven and less is done. Times are on one monotonic scale.
struct Memory {
  uint64_t epoch = 0;                                 // `servers` speaks of this epoch
  std::map<ServerUuid, absl::Duration> silent_since;  // not answered since then
  std::optional<absl::Duration> fenced_since;         // the primary of record, for an intent
  std::optional<absl::Duration> switching_since;      // the intent is to fence it for another
  std::optional<absl::Duration> last_failover;        // its Commit, in any epoch

  struct ServerMemory {
    bool unable = false;  // it could not acknowledge at the last look
    Marks marks;
  };
  std::map<ServerUuid, ServerMemory> servers;

  // Strangers at each look that reached the primary since then. Believed after kStrangersStay.
  std::optional<Strangers> strangers;
  absl::Duration strangers_since;
  bool strangers_believed = false;
};

// A replica that has left is counted until its next heartbeats fail, one that reconnects may be
// counted twice for a moment, and list and count are read one after the other: none of that lasts.
constexpr absl::Duration kStrangersStay = absl::Seconds(3);

// Completes a look: takes `snapshot` with its group, observations and reports, adds what it means
// to the memory, and fills the fields that earlier looks answer (silent_for, write_stopped_for,
// switching_for, cool_down, marks, strangers). Pure. REQUIRES: called once for each look, in order.
void Remember(absl::Duration now, absl::Duration failover_cool_down, Memory* memory,
              Snapshot* snapshot);

}  // namespace weft::controller
