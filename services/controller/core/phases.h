#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

// The parts of Decide, one file each. Every function here is pure and answers with one phase, a
// refusal, something to wait for, or nothing.
namespace weft::controller {

inline Plan Phase(std::string name, std::vector<Step> steps) {
  return Plan{
      .phase = std::move(name), .steps = std::move(steps), .refusal = {}, .waiting_for = {}};
}
inline Plan Refuse(Refusal refusal) {
  return Plan{.phase = {}, .steps = {}, .refusal = std::move(refusal), .waiting_for = {}};
}
inline Plan Await(std::string what) {
  return Plan{.phase = {}, .steps = {}, .refusal = {}, .waiting_for = std::move(what)};
}

// fence.cc: every server that answers and is not the primary of record refuses clients' writes
// (rule 2). `except` may be empty.
std::vector<Step> FenceOthers(const Snapshot& snapshot, const ServerUuid& except);
// The same where nothing else may be done before: not while clients of none of them can be told OK.
// One that cannot be fenced (its disk is stuck) keeps a group that has a primary from nothing.
std::vector<Step> FenceFirst(const Snapshot& snapshot);
// `plan`, with those fenced beside it who need it and did not have to be fenced first.
Plan WithFence(const Snapshot& snapshot, Plan plan);

// promote.cc: the intent names a promotion that has not been committed.
Plan DecidePromotion(const Snapshot& snapshot);
// failover.cc. REQUIRES: the primary of record is dead.
Plan DecideFailover(const Snapshot& snapshot);
// Why a failover would be refused now; nullopt when it would not.
std::optional<Refusal> RefuseFailover(const Snapshot& snapshot);
// switchover.cc. REQUIRES: the primary of record answers.
Plan DecideSwitchover(const Snapshot& snapshot);
// Whom the primary of record, which answers, could hand over to unasked; empty: nobody.
ServerUuid HeirOf(const Snapshot& snapshot);
// first_promotion.cc. REQUIRES: the group has no primary.
Plan DecideFirstPromotion(const Snapshot& snapshot);
// demote.cc.
Plan DecideDemotion(const Snapshot& snapshot);

// restored.cc: the record came from a backup: confirms it by a Commit once all servers say so, and
// refuses everything else.
Plan DecideRestored(const Snapshot& snapshot);

// roll_back.cc: the intent was given up.
Plan DecideRollBack(const Snapshot& snapshot);
// Refuses; where the old primary was fenced for this intent, gives the intent up first, so that the
// old primary is made writable again (rule 8).
Plan GiveUpOrRefuse(const Snapshot& snapshot, Refusal refusal);

// keep.cc: hold what the record says; also finishes a promotion after its commit.
Plan DecideKeep(const Snapshot& snapshot);

// primary.cc: what the primary of record needs to serve, in order. REQUIRES: it answers.
std::vector<Step> ServePrimary(const Snapshot& snapshot);
// What it lacks beside that, which nothing waits for and which may fail. REQUIRES: it answers.
std::vector<Step> CloseAtNextStart(const Snapshot& snapshot);

// replica.cc: the step that makes `server` replicate from `source`, which is on record.
Follow FollowOf(const Snapshot& snapshot, const ServerUuid& server, const ServerUuid& source,
                bool acknowledge);

// replica.cc: what a server that answers needs to be what its status says; empty when nothing, or
// nothing that Weft may do unasked. REQUIRES: the primary of record answers.
std::vector<Step> RepairReplica(const Snapshot& snapshot, const ServerUuid& server);
// accounts.cc, all REQUIRE that the primary of record answers. Silent acknowledgers are locked out
// of it, so that the set can do without them.
std::vector<Step> LockOut(const Snapshot& snapshot);
// The same at whoever may be the primary next, from whom it may still receive.
std::vector<Step> KeepOutOfOthers(const Snapshot& snapshot);
// Those that are back are let in, once they acknowledge nothing unasked.
std::vector<Step> LetIn(const Snapshot& snapshot);
// Every server that may become a source has an account for every other.
std::vector<Step> GiveAccounts(const Snapshot& snapshot);
// Those that began to replicate before they had one log in with it, one after the other.
std::vector<Step> UseAccounts(const Snapshot& snapshot);
// replica.cc: `server` applies what it must not lose, then replicates from the primary of record.
std::vector<Step> FollowPrimary(const Snapshot& snapshot, const ServerUuid& server,
                                bool acknowledge);
// After its receiver was stopped for a failover that does not go on: it receives again.
std::vector<Step> Reattach(const Snapshot& snapshot);
// It lacks transactions that the primary has no more: no replication will ever bring them.
bool NeedsRebuild(const Snapshot& snapshot, const ServerUuid& server);
// It replicates from the primary of record, all threads running, and may acknowledge or not as it
// should.
bool IsInPlace(const Snapshot& snapshot, const ServerUuid& server);
// For what the replicas, which need no repair, are waiting to be as they should; empty: nothing.
std::string WhatReplicasAwait(const Snapshot& snapshot);

// status.cc: one server whose status on record is not what was seen of it, if there is any.
std::vector<Step> CorrectStatus(const Snapshot& snapshot);

}  // namespace weft::controller
