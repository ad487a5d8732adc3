#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// Who may acknowledge a commit, and what follows from it (rules 3 and 4). Pure.

// True when the commits of this epoch wait for acknowledgements, or will before they are allowed:
// the policy asks for it and somebody has been admitted. (Until the first secondary has caught up a
// lossless group is really asynchronous, and says so, rather than refuse all writes.)
bool IsLosslessEpoch(const Group& group);

// True when the policy asks for it and the primary of record can do it.
bool MayBeLossless(const Snapshot& snapshot);

// Why the word of an acknowledger does not count at a failover; empty when it does. It counts when
// it answered and is proven not to have lost what it acknowledged: its flag is ON (no restart since
// it was admitted), or it holds what the primary had executed after its return.
std::string WhyUnproven(const Snapshot& snapshot, const ServerUuid& server);

// Refuses a failover unless the acknowledgers that count intersect every set of acknowledgers that
// a commit may have relied on: fewer than WaitFor(group) of them may be missing.
std::optional<Refusal> RefuseUnlessEveryCommitIsSeen(const Snapshot& snapshot);

// True when `server` cannot acknowledge at this look and cannot begin to by itself: it is reached
// with its receiver off, or its process is gone; and the primary sends it nothing.
bool IsUnable(const Snapshot& snapshot, const ServerUuid& server);

// True when the primary of record keeps `server` out: the account that it logs in with is locked.
bool IsLockedOut(const Snapshot& snapshot, const ServerUuid& server);

// True when the primary of record should lock out `server`, an acknowledger that has been silent
// for long and whom commits do not need: what it does cannot be known, so it is kept from doing it.
bool IsToBeLockedOut(const Snapshot& snapshot, const ServerUuid& server);

// True when `server` may be made to acknowledge now: it is able to, it is no risk (clean, in
// service), and it has proven that it holds what it may have acknowledged before.
bool MayAcknowledge(const Snapshot& snapshot, const ServerUuid& server);

// True when the group wants `server` among those who acknowledge.
bool ShouldAcknowledge(const Snapshot& snapshot, const ServerUuid& server);

// True when `server` only has to receive more before it may acknowledge.
bool IsCatchingUp(const Snapshot& snapshot, const ServerUuid& server);

// True when commits could go on, and a failover too, without `server` in the set.
bool IsDispensable(const Snapshot& snapshot, const ServerUuid& server);

// The set with those who ought to be in it and are not; nullopt when nobody is missing.
std::optional<SetAcknowledgers> Widen(const Snapshot& snapshot);

// The set without one that is proven unable; nullopt when there is none, or when a commit could
// then be lost: another acknowledger must hold what the primary had executed after it had gone.
std::optional<SetAcknowledgers> Narrow(const Snapshot& snapshot);

// True when `server` is about to be let go of: only time or another look is lacking.
bool AwaitsProof(const Snapshot& snapshot, const ServerUuid& server);

// The acknowledgers of the epoch that begins with the promotion of `winner`.
std::set<ServerUuid> AcknowledgersAfter(const Snapshot& snapshot, const ServerUuid& winner);

// True when `server` receives from the primary now and acknowledges, by its own word.
bool AcknowledgesNow(const Snapshot& snapshot, const ServerUuid& server);

// Acknowledgers that do.
int CountAcknowledging(const Snapshot& snapshot);

// Of these, those that have received all that the primary has executed. The others first receive
// what is before the commits that wait for them.
int CountAbreast(const Snapshot& snapshot);

}  // namespace weft::controller
