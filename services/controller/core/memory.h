#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "services/controller/core/drain.h"
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

  // Something that ends so long after an instant that another clock gave: it is measured once, when
  // it is first seen, and from then on by our own, so that a clock that jumps moves nothing.
  struct Countdown {
    absl::Time of;        // what was measured
    absl::Duration seen;  // on our scale
    absl::Duration age;   // that it had then
  };
  std::optional<Countdown> last_failover;     // of the record
  std::optional<Countdown> last_hook;         // of the record
  std::map<std::string, Countdown> windows;   // of maintenance; `age` is what was left
  uint64_t healed = 0;                        // the failover of this epoch is over
  std::map<ServerUuid, absl::Duration> lags;  // at the last look that reached the primary
  DrainMemory drain;

  std::optional<absl::Duration> unacknowledged_since;  // LacksAcknowledgements, at each look
  // What the primary of record had executed at the last look that reached it, and since when.
  GtidSet executed;
  absl::Duration executed_since;

  std::optional<absl::Duration> abreast_since;  // EnoughAreAbreast, at each look
  std::optional<absl::Duration> crowded_since;  // no connection left, at each look
  bool hand_over_tried = false;                 // by the primary, which has not been well since

  struct ServerMemory {
    bool unable = false;  // it could not acknowledge at the last look
    Marks marks;
  };
  std::map<ServerUuid, ServerMemory> servers;
  std::set<ServerUuid> own_account;  // Marks::own_account; of any epoch
  std::set<ServerUuid> preset;       // Marks::preset; of any epoch

  // Strangers at each look that reached the primary since then. Believed after kStrangersStay.
  std::optional<Strangers> strangers;
  absl::Duration strangers_since;
  bool strangers_believed = false;
  bool once_without_strangers = false;  // in this epoch
};

// A replica that has left is counted until its next heartbeats fail, one that reconnects may be
// counted twice for a moment, and list and count are read one after the other: none of that lasts.
constexpr absl::Duration kStrangersStay = absl::Seconds(3);

// `server` is about to be told to acknowledge: what was seen of it until then proves nothing of
// what it holds, or can do, from now on (rule 4). No look may come between that and its next death.
void ForgetMarks(const ServerUuid& server, Memory* memory);

// Completes a look: takes `snapshot` with its group, observations and reports, adds what it means
// to the memory, and fills the fields that earlier looks answer (silent_for, write_stopped_for,
// switching_for, still_for, crowded_for, hand_over_failed, cool_down, hook_rest, maintenance, lags,
// drained, marks, strangers). `wall` is the time of day, which other controllers' instants are
// compared with. Pure. REQUIRES: called once for each look, in order.
void Remember(absl::Duration now, absl::Time wall, absl::Duration failover_cool_down,
              Memory* memory, Snapshot* snapshot);

}  // namespace weft::controller
