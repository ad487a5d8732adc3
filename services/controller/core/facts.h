#pragma once

#include <string>
#include <vector>

#include "common/model/group.h"
#include "common/model/ids.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What one look says, in the words of the safety rules (design section 4). Pure.

// "a.example:3306 (uuid)" is too long for a sentence: the address, or the uuid where none is known.
std::string NameOf(const Group& group, const ServerUuid& server);
std::string NamesOf(const Group& group, const std::vector<ServerUuid>& servers);
// "a:1-5", or for a long set its first part and the number of transactions.
std::string Shown(const GtidSet& set);

// A reached server that no client can write to, whatever rights it has (S21).
bool IsFenced(const Observation& server);
// Left by a fence that was broken off, or by a person: nobody but administrators gets in.
bool IsCutOff(const Observation& server);
// A reached server that every client with the rights can write to.
bool IsOpen(const Observation& server);
// Commits on it wait for `wait_for` acknowledgements, for ever.
bool IsArmed(const Observation& server, uint32_t wait_for);
// Unknown, unconfirmed or unacknowledged commits cannot be told to a client: it is armed, or nobody
// can commit on it and it will be armed before anybody can.
bool CommitsWait(const Snapshot& snapshot);

// Its channel points at `source`, running or not.
bool PointsAt(const Snapshot& snapshot, const ServerUuid& replica, const ServerUuid& source);
// It points at `source` and its receiver is on or trying to connect.
bool ReceivesFrom(const Snapshot& snapshot, const ServerUuid& replica, const ServerUuid& source);

// How long a replica may hear nothing from a source that lives: three heartbeats, and at least the
// snapshot's heard_threshold.
absl::Duration HearingPatience(const Snapshot& snapshot, const ServerUuid& replica);

// A promotion that has been committed and only has to be carried out.
bool IsCommitted(const Group& group);

// Acknowledgements that a commit of this group needs under `lossless`; at least 1.
uint32_t WaitFor(const Group& group);

// The group is set to go on without acknowledgements rather than to wait for them.
bool MayContinueAlone(const Group& group);

bool IsAcknowledger(const Group& group, const ServerUuid& server);

// The servers of the group that answered, other than the primary of record, ordered by uuid.
std::vector<ServerUuid> ReachedOthers(const Snapshot& snapshot);

// The status on record; kFaulty where it is on none.
ServerStatus StatusOf(const Group& group, const ServerUuid& server);
bool IsSetAside(const Group& group, const ServerUuid& server);
// REQUIRES: it is on record.
PromotionRule RuleOf(const Group& group, const ServerUuid& server);

// `source` has an account that is `replica`'s own.
bool HasAccountOf(const Snapshot& snapshot, const ServerUuid& source, const ServerUuid& replica);

// It says that it sends its binary log to `replica`.
bool StreamsTo(const Observation& source, const ServerUuid& replica);
// A reached server where the account is locked that is `replica`'s own.
bool LocksOut(const Observation& source, const ServerUuid& replica);

// `replica` can get all that it lacks from `source`, which has purged none of it.
bool CanServe(const Snapshot& snapshot, const ServerUuid& source, const ServerUuid& replica);

}  // namespace weft::controller
