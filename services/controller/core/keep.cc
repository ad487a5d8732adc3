#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {
namespace {

// A promotion that has been committed and only has to be carried out.
bool IsCommitted(const Group& group) {
  return group.intent.goal == Goal::kPromote && group.intent.target == group.primary;
}

std::vector<Step> RepairReplicas(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const std::vector<Step> one = RepairReplica(snapshot, server);
    steps.insert(steps.end(), one.begin(), one.end());
  }
  return steps;
}

// Of `repair` what the first commits wait for. A server that follows nobody yet (the old primary)
// is long in being attached, and its flushes hinder theirs: if the others suffice it comes when the
// new primary, once open, forgets its source.
std::vector<Step> Urgent(const Snapshot& snapshot, const std::vector<Step>& repair) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  if (IsOpen(primary) || !primary.replication.configured) return repair;
  std::vector<Step> urgent;
  int acknowledging = CountAcknowledging(snapshot);
  for (const Step& step : repair) {
    if (!snapshot.Of(ServerOf(step)).replication.configured) continue;
    urgent.push_back(step);
    const Follow* follow = std::get_if<Follow>(&step);
    if (follow != nullptr && follow->acknowledge) ++acknowledging;
  }
  const bool enough = !IsLosslessEpoch(snapshot.group) ||
                      acknowledging >= static_cast<int>(WaitFor(snapshot.group));
  return enough ? urgent : repair;
}

// The writes that the primary accepts can be acknowledged.
bool IsAcknowledged(const Snapshot& snapshot) {
  return !IsLosslessEpoch(snapshot.group) ||
         CountAcknowledging(snapshot) >= static_cast<int>(WaitFor(snapshot.group));
}

// The record follows what was seen: cheap, and a replica that cannot be repaired must not delay it.
Plan CorrectRecord(const Snapshot& snapshot) {
  if (std::vector<Step> steps = CorrectStatus(snapshot); !steps.empty()) {
    return Phase("correct status", std::move(steps));
  }
  if (std::optional<SetAcknowledgers> wider = Widen(snapshot)) return Phase("widen", {*wider});
  if (std::optional<SetAcknowledgers> narrower = Narrow(snapshot)) {
    return Phase("narrow", {*narrower});
  }
  const Group& group = snapshot.group;
  if (group.durability == Durability::kAsync && !group.acknowledgers.servers.empty() &&
      !snapshot.Of(group.primary).semi_sync.source_enabled) {
    return Phase("narrow", {SetAcknowledgers{.servers = {}, .watermark = group.watermark}});
  }
  return Plan();
}

Plan KeepAlive(const Snapshot& snapshot) {
  const bool committed = IsCommitted(snapshot.group);
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  std::vector<Step> serve = ServePrimary(snapshot);
  std::vector<Step> repair = RepairReplicas(snapshot);
  if (!serve.empty()) {
    const std::vector<Step> urgent = Urgent(snapshot, repair);
    serve.insert(serve.end(), urgent.begin(), urgent.end());
    return Phase("serve", std::move(serve));
  }
  if (committed && IsAcknowledged(snapshot)) return Phase("finish", {Finish{}});
  Plan correction = CorrectRecord(snapshot);
  if (!correction.settled()) return correction;
  if (!repair.empty()) return Phase("repair", std::move(repair));
  if (committed) return Phase("finish", {Finish{}});
  return Await(WhatReplicasAwait(snapshot));
}

Plan KeepDead(const Snapshot& snapshot, const Verdict& verdict) {
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  if (std::optional<Refusal> refusal = RefuseFailover(snapshot)) {
    std::vector<Step> reattach = Reattach(snapshot);
    return reattach.empty() ? Refuse(*refusal) : Phase("re-attach", std::move(reattach));
  }
  if (snapshot.cool_down > absl::ZeroDuration()) {
    return Await(absl::StrCat("the cool-down after the last failover, ",
                              DurationText(snapshot.cool_down), " more; ", verdict.evidence));
  }
  return Phase("begin", {BeginFailover{.evidence = verdict.evidence}});
}

// Demoted, or never promoted. What was demoted stays closed to writes; what never had a primary is
// not touched before somebody says which server it is to be.
Plan KeepWithoutPrimary(const Snapshot& snapshot) {
  if (snapshot.group.epoch == 0) return Plan();
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  std::vector<Step> close;
  std::string awaited;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const Observation& seen = snapshot.Of(server);
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;
    if (seen.semi_sync.source_enabled) close.push_back(ArmSource{.server = server, .wait_for = 0});
    if (!seen.replication.configured) continue;
    // It may go on until it has all that the last primary wrote.
    if (seen.executed.Contains(snapshot.group.watermark)) {
      close.push_back(Detach{.server = server});
    } else if (seen.replication.applier_running && seen.replication.receiver == ThreadState::kOn &&
               snapshot.Of(seen.replication.source_uuid)
                   .executed.Contains(snapshot.group.watermark)) {
      awaited = NameOf(snapshot.group, server) + " to apply what the last primary wrote";
    }
  }
  return close.empty() ? Await(awaited) : Phase("close", std::move(close));
}

Plan KeepUncertain(const Snapshot& snapshot, const Verdict& verdict) {
  std::vector<Step> fence = FenceOthers(snapshot, /*except=*/ServerUuid());
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  std::vector<Step> reattach = Reattach(snapshot);
  if (!reattach.empty()) return Phase("re-attach", std::move(reattach));
  return snapshot.group.active || IsCommitted(snapshot.group) ? Await(verdict.evidence) : Plan();
}

}  // namespace

Plan DecideKeep(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Verdict verdict = Judge(snapshot, /*ask_monitors=*/true);
  if (verdict.state == PrimaryState::kNone) return KeepWithoutPrimary(snapshot);
  if (verdict.state == PrimaryState::kAlive) return KeepAlive(snapshot);
  const Verdict own = Judge(snapshot, /*ask_monitors=*/false);
  if (IsCommitted(group) && own.state == PrimaryState::kDead) {
    return Refuse(Refusal{.reason = "PRIMARY_LOST",
                          .message = "the new primary was lost before it served: " + own.evidence,
                          .next_step = "promote another server, or start it again",
                          .servers = {group.primary}});
  }
  // A group that is not active is left alone: the finding tells.
  if (verdict.state != PrimaryState::kDead)
    return KeepUncertain(snapshot, verdict);  // guard: rule 7
  return group.active ? KeepDead(snapshot, verdict) : KeepUncertain(snapshot, verdict);
}

}  // namespace weft::controller
