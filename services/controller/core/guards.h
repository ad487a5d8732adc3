#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What keeps Weft from acting unasked though it could (S23, S24). People's orders pass all of it.
// Pure.

// Why a dead primary must not be replaced unasked now, the most deliberate reason first; nullopt
// when it may: FAILOVER_OFF, FAILOVER_DISABLED, MAINTENANCE, HOOK_ABORTED, COOL_DOWN.
std::optional<Refusal> RefuseUnasked(const Snapshot& snapshot);

// Why this server must not be promoted unasked: TARGET_ZONE, TARGET_IN_MAINTENANCE, and TARGET_LAGS
// in an asynchronous group.
std::optional<Refusal> RefuseUnaskedFor(const Snapshot& snapshot, const ServerUuid& server);

// A window of the whole group, or of this server, is open.
bool InMaintenance(const Snapshot& snapshot);
bool InMaintenance(const Snapshot& snapshot, const ServerUuid& server);

// It was farther behind than the group's max_lag when the primary last answered.
bool IsTooFarBehind(const Snapshot& snapshot, const ServerUuid& server);

// After a program forbade a failover none is begun for this long.
constexpr absl::Duration kHookRest = absl::Seconds(60);

// What is to be run, or was said, for `occasion` (a name of HookSettings) before the pending intent
// goes on: nothing to run and nothing in the way, the step, or why it must not go on.
struct HookDecision {
  std::optional<RunHook> run;
  std::optional<Refusal> refusal;
};
HookDecision DecideHook(const Snapshot& snapshot, absl::string_view occasion);

// The program that is to be told of the last change of primary, or of which it is to be recorded
// how it ended: of a change that is committed and not finished, or one that the record says runs,
// by the word of a leader that is no more or of this one. REQUIRES: the primary of record serves.
// To be asked before anything else is written, since it goes by what the Commit wrote.
std::optional<RunHook> ProgramToTell(const Snapshot& snapshot);

// This controller runs the program that is told of the last change of primary.
bool IsBeingTold(const Snapshot& snapshot);

// Which program is told of the change of primary that the last Commit made: "after_failover" where
// the old primary was given up as dead or sick, whoever asked for it, else "after_switchover".
absl::string_view AfterOccasion(const Group& group);

// The primary before the present one; empty: there was none.
ServerUuid PrimaryBefore(const Group& group);

// The program that fences said of the primary before the present one that it is off for certain.
bool WasFencedForCertain(const Group& group);

}  // namespace weft::controller
