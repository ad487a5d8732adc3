#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// The winner gets what it lacks from another replica.
bool IsFetching(const Snapshot& snapshot, const Election& election, const ServerUuid& server) {
  return server == election.winner && ReceivesFrom(snapshot, server, election.catch_up_from);
}

// Afterwards nobody who was reached can acknowledge a commit of the old primary. A receiver that
// only tries to connect counts: it may succeed (S13). The flag is left ON, as evidence. Meanwhile
// the winner gets ready for those who will follow it.
std::vector<Step> Revoke(const Snapshot& snapshot, const Election& election) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (snapshot.Of(server).replication.receiver == ThreadState::kOff) continue;
    if (!IsFetching(snapshot, election, server)) steps.push_back(StopReceiver{.server = server});
  }
  if (!steps.empty()) steps.push_back(RotateLog{.server = election.winner});
  return steps;
}

// Its flag stays as it is: it is the evidence that it lost nothing (rule 4), and whom it copies
// from waits for nobody.
std::vector<Step> Fetch(const Snapshot& snapshot, const Election& election) {
  const Observation& winner = snapshot.Of(election.winner);
  std::vector<Step> steps;
  if (!winner.receiver_only_change && !winner.executed.Contains(winner.Held())) {
    steps.push_back(CatchUp{.server = election.winner, .goal = winner.Held()});
  }
  // Left from when the winner was silent.
  if (LocksOut(snapshot.Of(election.catch_up_from), election.winner)) {
    steps.push_back(OpenAccount{.server = election.catch_up_from, .replica = election.winner});
  }
  steps.push_back(FollowOf(snapshot, election.winner, election.catch_up_from,
                           winner.semi_sync.replica_enabled));
  return steps;
}

}  // namespace

std::optional<Refusal> RefuseFailover(const Snapshot& snapshot) {
  const std::optional<Refusal> unseen = RefuseUnlessEveryCommitIsSeen(snapshot);
  if (unseen.has_value()) return unseen;  // guard: rule 3
  return Elect(snapshot).refusal;
}

Plan DecideFailover(const Snapshot& snapshot) {
  if (std::optional<Refusal> refusal = RefuseFailover(snapshot)) return Refuse(*refusal);
  const Election election = Elect(snapshot).election;
  std::vector<Step> fence = FenceFirst(snapshot);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  for (const char* occasion : {"before_failover", "fence"}) {
    const HookDecision hook = DecideHook(snapshot, occasion);
    if (hook.refusal.has_value()) return Refuse(*hook.refusal);   // guard: rule 2
    if (hook.run.has_value()) return Phase("hook", {*hook.run});  // guard: rule 2
  }
  std::vector<Step> revoke = Revoke(snapshot, election);
  if (!revoke.empty()) return Phase("revoke", std::move(revoke));  // guard: rule 2

  const Observation& winner = snapshot.Of(election.winner);
  if (!election.catch_up_from.empty()) {
    // Who acknowledges to it while it fetches would have it tell its clients OK.
    for (const Step& fence : FenceOthers(snapshot, /*except=*/ServerUuid())) {
      if (ServerOf(fence) == election.catch_up_from)
        return Phase("fence", {fence});  // guard: rule 2
    }
    if (!ReceivesFrom(snapshot, election.winner, election.catch_up_from)) {
      return Phase("fetch", Fetch(snapshot, election));
    }
    return Phase("fetch", {CatchUp{.server = election.winner,
                                   .goal = election.required,
                                   .budget = election.patience}});
  }
  if (!winner.executed.Contains(election.required)) {  // guard: rule 5
    return Phase("apply", {CatchUp{.server = election.winner, .goal = election.required}});
  }
  return Phase("commit", {Commit{.primary = election.winner,
                                 .acknowledgers = AcknowledgersAfter(snapshot, election.winner),
                                 .watermark = winner.executed,
                                 .old_primary_status = ServerStatus::kFaulty}});
}

}  // namespace weft::controller
