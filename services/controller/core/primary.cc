#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// Whether a primary of record that refuses writes is to accept them. Just committed, or fenced by
// Weft for an intent that was given up: yes. Otherwise it has crashed and come back, or somebody
// closed it: only where Weft was told to keep the group going (rule 9, S20).
bool MayOpen(const Group& group) {
  const Intent& intent = group.intent;
  if (intent.goal == Goal::kPromote && intent.target == group.primary) return true;
  if (intent.reopen && !intent.given_up.empty()) return true;
  if (!group.active) return false;  // guard: rule 9
  return intent.goal == Goal::kKeep;
}

// Its source commits nothing any more, and it has applied all of it. A source that died may have
// left it the beginning of a transaction, whose locks the applier holds until it is stopped.
bool IsDrained(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  const Observation& source = snapshot.Of(seen.replication.source_uuid);
  return IsFenced(source) && seen.executed.Contains(source.Held().Union(seen.received));
}

// Nothing replicated comes in any more when the first client writes. Stopping the applier takes
// several flushes: only where it may have anything to do.
Step StopReplicating(const Snapshot& snapshot, const ServerUuid& server) {
  if (IsDrained(snapshot, server)) return StopReceiver{.server = server};  // proof: rule 2
  return StopReplica{.server = server};
}

// The record says that nobody's acknowledgement counts: no failover relies on one. With an empty
// set a lossless group that may not continue alone waits for its first acknowledgers instead.
bool MayCommitAlone(const Group& group) {
  const bool settled_for = group.durability == Durability::kAsync ||
                           (MayContinueAlone(group) && !IsLosslessEpoch(group));
  return settled_for && group.acknowledgers.servers.empty();
}

}  // namespace

std::vector<Step> ServePrimary(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const ServerUuid& server = group.primary;
  const Observation& primary = snapshot.Of(server);
  const bool opens = !IsOpen(primary) && MayOpen(group);
  const bool replicates = primary.replication.configured;
  std::vector<Step> steps;
  if (replicates && opens) {  // guard: rule 2
    steps.push_back(StopReplicating(snapshot, server));
  }
  // Also of a group that has just been made asynchronous: until the record says that nobody's
  // acknowledgement counts, a failover relies on them.
  const bool waits = primary.can_semi_sync && !group.acknowledgers.servers.empty();
  if (waits) {
    if (!IsArmed(primary, WaitFor(group))) {  // guard: rule 5
      steps.push_back(ArmSource{.server = server, .wait_for = WaitFor(group)});
    }
  } else if (primary.semi_sync.source_enabled) {
    if (MayCommitAlone(group)) {  // proof: rule 1
      steps.push_back(ArmSource{.server = server, .wait_for = 0});
    }
  }
  Unfence unfence{.server = server};
  if (waits) unfence.wait_for = WaitFor(group);  // guard: rule 5
  if (opens) steps.push_back(unfence);           // proof: rule 9
  // Forgetting the source takes several flushes: not before the first commits.
  if (replicates && !opens) steps.push_back(Detach{.server = server});  // guard: rule 2
  return steps;
}

std::vector<Step> CloseAtNextStart(const Snapshot& snapshot) {
  const ServerUuid& server = snapshot.group.primary;
  const Observation& primary = snapshot.Of(server);
  std::vector<Step> steps;
  if (!primary.no_closed_start_because.empty()) return steps;  // MayStartWritable tells
  // Weft has not opened it: somebody else had, before it was taken over (S20).
  if (primary.may_start_writable) steps.push_back(CloseAtStart{.server = server});  // guard: rule 9
  return steps;
}

}  // namespace weft::controller
