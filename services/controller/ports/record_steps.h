#pragma once
// What each record step of a plan makes of a group's record. Pure: the one definition of it, for
// MemoryStore and for foreseeing a plan; the state store's SQL is held to it by the contract suite.
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "services/controller/core/plan.h"

namespace weft::controller {

// How many reigns Store::Load returns at most, the newest. What earlier reigns wrote is within
// at_start of the first one returned, so nothing is lost for telling errant transactions.
inline constexpr size_t kHistoryLimit = 32;

// Applies a Commit, SetAcknowledgers, SetStatus, BeginSwitchover or GiveUp to `group`, and raises
// its revision. On an error `group` is unchanged. `seen` is the record that the plan was made from:
//   ABORTED   EPOCH_MOVED or ACKNOWLEDGERS_MOVED: `group` has another epoch or set than `seen`, or
//             other commits wait (Store::UpdateGroup);
//             INTENT_MOVED: BeginSwitchover and GiveUp find another pending intent than in `seen`
//   NOT_FOUND UNKNOWN_SERVER: the primary of a Commit, or the server of a SetStatus
//   INVALID_ARGUMENT: another kind of step
//
// Commit            epoch + 1, primary, acknowledgers (version + 1); the watermark is united with
//                   the step's; the history gets a reign that starts at the step's watermark (what
//                   the new primary had executed, and no more). The new primary becomes
//                   PRIMARY/READ_WRITE and is no longer set aside; the old one, where it is
//                   another, gets its status with that status' default mode. A pending intent to
//                   promote gets the primary as its target. What came from a backup is confirmed.
// SetAcknowledgers  acknowledgers (version + 1); the watermark is united with the step's.
// SetStatus         status, set_aside, errant; a new status brings its default mode.
// BeginSwitchover   the intent's target; its reopen becomes true.
// GiveUp            the intent's given_up and given_up_message.
absl::Status ApplyRecordStep(const Group& seen, const Step& step, absl::Time now, Group* group);

}  // namespace weft::controller
