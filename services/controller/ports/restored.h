#pragma once
// What a restore makes of a backup. Pure: the one definition of it, for every store.
#include "absl/time/time.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// What is to be in the store instead of `present`:
//   counters    epochs, revisions, acknowledger versions, the term and the users' version are
//               greater than any that `present` has, and than any that can have been given out
//               since the backup was taken: those who remember them (gateways, watchers, etags,
//               controllers that hang) must not take the new state for an old one. Nothing can be
//               asked for the latter when the store was lost, so the margin grows with the age of
//               the backup, faster than counters do (by a wall clock, which decides nothing else).
//   groups      every one that ever had a primary is `restored`; no intent is pending
//   operations  what was running has FAILED: RESTORED
//   users       without what `backup` does not have of them: secrets are those of the same name in
//               `present`; its key stays
//   inventory   all of `present`, and what only `backup` has
//   lease       nobody's
StoreImage Restored(StoreImage backup, const StoreImage& present, absl::Time now);

}  // namespace weft::controller
