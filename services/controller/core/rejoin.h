#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/model/group_settings.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What the record of a server that was set aside says of its transactions, as a rescue wrote it.
// Without the first nothing brings the server back unasked: what is saved nowhere is not undone.
inline constexpr char kSavedAsSql[] = "saved as SQL in ";
inline constexpr char kHeartbeatsAlone[] = "they touch Weft's heartbeat table alone";
// What was tried, and is not tried again for the same transactions.
inline constexpr char kRewindFailed[] = "a rewind failed: ";
inline constexpr char kRebuildFailed[] = "a rebuild failed: ";

// Kinds of the operations that bring a server back with its data undone or replaced.
inline constexpr char kRewindKind[] = "rewind";
inline constexpr char kRebuildKind[] = "rebuild";
inline constexpr char kRewindOrRebuildKind[] = "rewind-or-rebuild";

// `set_aside` of a record, after one of these was tried: what went before it is kept.
std::string AfterFailure(absl::string_view set_aside, absl::string_view what,
                         absl::string_view message);

struct RejoinDue {
  ServerUuid server;
  RejoinPolicy how = RejoinPolicy::kManual;  // never kManual
  friend bool operator==(const RejoinDue&, const RejoinDue&) = default;
};

// Which servers come back now without anybody being asked (rule 9): those that are set aside with
// what only they have on record and saved, that answer, are fenced and follow nobody; while the
// group is active, in no change, in no window of maintenance, not in doubt after a restore, and has
// a primary that serves. How is the group's policy; what touches Weft's heartbeat table alone is
// rewound whatever it says.
std::vector<RejoinDue> RejoinsDue(const Snapshot& snapshot);

}  // namespace weft::controller
