#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

// Starting it again would end the same way: a person has to look.
bool IsBroken(const Snapshot& snapshot, const ServerUuid& server) {
  const Replication& replication = snapshot.Of(server).replication;
  if (!PointsAt(snapshot, server, snapshot.group.primary)) return false;
  const bool receiver_broken =
      replication.receiver == ThreadState::kOff &&
      (absl::StrContains(replication.receiver_error, "1236") ||  // the source cannot serve it
       absl::StrContains(replication.receiver_error, "13114"));
  return receiver_broken || (!replication.applier_running && !replication.applier_error.empty());
}

// It neither follows nor acknowledges. What an acknowledger holds in its relay log may be held by
// nobody else: it is kept until the server is out of the set.
std::vector<Step> KeepOut(const Snapshot& snapshot, const ServerUuid& server) {
  const Replication& replication = snapshot.Of(server).replication;
  if (!replication.configured) return {};
  if (!IsAcknowledger(snapshot.group, server)) return {Detach{.server = server}};  // proof: rule 3
  if (replication.receiver == ThreadState::kOff) return {};
  return {StopReceiver{.server = server}};
}

bool IsToBeKeptOut(const Snapshot& snapshot, const ServerUuid& server) {
  if (IsSetAside(snapshot.group, server)) return true;  // guard: rule 6
  if (!Errant(snapshot, server).Empty()) return true;   // guard: rule 6
  return false;
}

// It has just been the primary. Replicas of other groups may keep its thread busy for ever.
bool IsDeafForAWhile(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  return seen.semi_sync.source_deaf &&
         std::all_of(seen.streaming_to.begin(), seen.streaming_to.end(),
                     [&](const ServerUuid& one) { return snapshot.group.Find(one) != nullptr; });
}

}  // namespace

Follow FollowOf(const Snapshot& snapshot, const ServerUuid& server, const ServerUuid& source,
                bool acknowledge) {
  return {.server = server,
          .source = source,
          .source_address = snapshot.group.Find(source)->address,
          .acknowledge = acknowledge,
          .own_account = HasAccountOf(snapshot, source, server),
          .holds = acknowledge ? snapshot.Of(server).Held() : GtidSet()};
}

std::vector<Step> FollowPrimary(const Snapshot& snapshot, const ServerUuid& server,
                                bool acknowledge) {
  const Observation& seen = snapshot.Of(server);
  std::vector<Step> steps;
  // Without a change of the receiver alone the relay log is lost: it is applied first (S16).
  const bool keeps_relay_log =
      seen.receiver_only_change || PointsAt(snapshot, server, snapshot.group.primary);
  if (!keeps_relay_log && !seen.executed.Contains(seen.received)) {
    // Briefly: the next look must not wait for it.
    steps.push_back(CatchUp{.server = server, .goal = seen.received, .budget = absl::Seconds(2)});
  }
  steps.push_back(FollowOf(snapshot, server, snapshot.group.primary, acknowledge));
  return steps;
}

bool NeedsRebuild(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  const Observation& seen = snapshot.Of(server);
  return primary.reached() && seen.reached() && !CanServe(snapshot, snapshot.group.primary, server);
}

bool IsInPlace(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  const bool acknowledge = MayAcknowledge(snapshot, server);
  // The flag takes effect when the receiver connects.
  const bool in_effect =
      seen.replication.receiver != ThreadState::kOn || seen.semi_sync.replica_active == acknowledge;
  // With a longer heartbeat it would keep a primary that hangs from being called dead.
  const bool hears_often = HearingPatience(snapshot, server) == snapshot.heard_threshold;
  return ReceivesFrom(snapshot, server, snapshot.group.primary) && seen.replication.auto_position &&
         seen.replication.applier_running && seen.semi_sync.replica_enabled == acknowledge &&
         in_effect && hears_often;
}

std::string WhatReplicasAwait(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const bool receiving = ReceivesFrom(snapshot, server, group.primary) &&
                           snapshot.Of(server).replication.receiver == ThreadState::kOn &&
                           !IsBroken(snapshot, server);
    if (receiving && IsCatchingUp(snapshot, server)) {
      return absl::StrCat(NameOf(group, server), " to catch up, before it acknowledges");
    }
    if (IsDeafForAWhile(snapshot, server)) {
      return absl::StrCat(NameOf(group, server), " to notice that its replicas have left");
    }
  }
  for (const ServerUuid& server : group.acknowledgers.servers) {
    if (!AwaitsProof(snapshot, server)) continue;
    return absl::StrCat("proof that ", NameOf(group, server), " cannot acknowledge any more");
  }
  return "";
}

std::vector<Step> RepairReplica(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  const Observation& seen = snapshot.Of(server);
  const ServerStatus status = StatusOf(group, server);
  if (status == ServerStatus::kConfiguring || !IsFenced(seen)) return {};
  std::vector<Step> steps;
  // Its applier would wait for acknowledgements. It is fenced, so no client waits for any (S19).
  if (seen.semi_sync.source_enabled) steps.push_back(ArmSource{.server = server, .wait_for = 0});
  std::vector<Step> rest;
  if (IsToBeKeptOut(snapshot, server)) {
    rest = KeepOut(snapshot, server);
  } else if ((status == ServerStatus::kFaulty && !group.active) || NeedsRebuild(snapshot, server)) {
    // The one rejoins when the group is active, or when a person says so; the status of the other
    // is corrected instead.
  } else if (status == ServerStatus::kSpare && IsAcknowledger(group, server) &&
             IsDispensable(snapshot, server)) {
    if (seen.replication.receiver != ThreadState::kOff) rest = {StopReceiver{.server = server}};
  } else if (!IsInPlace(snapshot, server) && !IsBroken(snapshot, server)) {
    rest = FollowPrimary(snapshot, server, MayAcknowledge(snapshot, server));
  }
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

std::vector<Step> Reattach(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const ServerStatus status = StatusOf(snapshot.group, server);
    if (status != ServerStatus::kSecondary && status != ServerStatus::kSpare) continue;
    if (IsToBeKeptOut(snapshot, server) || IsBroken(snapshot, server)) continue;
    if (!PointsAt(snapshot, server, snapshot.group.primary)) continue;
    if (ReceivesFrom(snapshot, server, snapshot.group.primary)) continue;
    const std::vector<Step> follow =
        FollowPrimary(snapshot, server, snapshot.Of(server).semi_sync.replica_enabled);
    steps.insert(steps.end(), follow.begin(), follow.end());
  }
  return steps;
}

}  // namespace weft::controller
