#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/continue_alone.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/sick.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {
namespace {

// Nobody asked for anything, and somebody asked to be left alone.
bool Rests(const Snapshot& snapshot, const ServerUuid& server) {
  return snapshot.group.intent.goal == Goal::kKeep &&
         (InMaintenance(snapshot) || InMaintenance(snapshot, server));
}

std::vector<Step> RepairReplicas(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (Rests(snapshot, server)) continue;  // guard: rule 7
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
  if (std::vector<Step> steps = CorrectStatus(snapshot);
      !steps.empty() && !Rests(snapshot, ServerUuid())) {
    return Phase("correct status", std::move(steps));
  }
  if (std::optional<SetAcknowledgers> wider = Widen(snapshot)) return Phase("widen", {*wider});
  if (std::optional<SetAcknowledgers> narrower = Narrow(snapshot)) {
    return Phase("narrow", {*narrower});
  }
  if (std::optional<SetAcknowledgers> none = ContinueAlone(snapshot)) {
    return Phase("continue", {*none});
  }
  const Group& group = snapshot.group;
  // Before anything is disarmed: who makes the group lossless again meanwhile must not be promised
  // what the disarmed primary does not keep.
  if (group.durability == Durability::kAsync && !group.acknowledgers.servers.empty()) {
    return Phase("narrow", {SetAcknowledgers{.servers = {}, .watermark = group.watermark}});
  }
  return Plan();
}

// With those repairs that the first commits wait for.
std::vector<Step> Serve(const Snapshot& snapshot, const std::vector<Step>& repair) {
  std::vector<Step> serve = ServePrimary(snapshot);
  // What somebody closed in a window stays closed; that commits are acknowledged is seen to.
  if (Rests(snapshot, snapshot.group.primary)) {  // guard: rule 7
    std::erase_if(serve, [](const Step& s) { return std::holds_alternative<Unfence>(s); });
  }
  if (serve.empty()) return serve;
  const std::vector<Step> urgent = Urgent(snapshot, repair);
  serve.insert(serve.end(), urgent.begin(), urgent.end());
  return serve;
}

// REQUIRES: the primary serves.
Plan KeepServing(const Snapshot& snapshot, std::vector<Step> repair) {
  const bool committed = IsCommitted(snapshot.group);
  if (std::optional<RunHook> told = ProgramToTell(snapshot)) return Phase("hook", {*told});
  if (committed && IsAcknowledged(snapshot)) return Phase("finish", {Finish{}});
  Plan correction = CorrectRecord(snapshot);
  if (!correction.settled()) return correction;
  if (std::vector<Step> lock = LockOut(snapshot); !lock.empty()) {
    return Phase("lock out", std::move(lock));
  }
  if (std::vector<Step> open = LetIn(snapshot); !open.empty()) {
    return Phase("let in", std::move(open));
  }
  std::vector<Step> close = CloseAtNextStart(snapshot);
  if (Rests(snapshot, snapshot.group.primary)) close.clear();
  if (!repair.empty()) {
    repair.insert(repair.end(), close.begin(), close.end());
    return Phase("repair", std::move(repair));
  }
  if (committed) return Phase("finish", {Finish{}});
  if (std::vector<Step> lock = KeepOutOfOthers(snapshot); !lock.empty()) {
    return Phase("lock out of others", std::move(lock));
  }
  if (std::vector<Step> give = GiveAccounts(snapshot); !give.empty()) {
    return Phase("accounts", std::move(give));
  }
  if (std::vector<Step> use = UseAccounts(snapshot); !use.empty()) {
    return Phase("use accounts", std::move(use));
  }
  // It may fail again and again: nothing waits for it.
  if (!close.empty()) return Phase("close at start", std::move(close));
  if (MayContinueAlone(snapshot.group) && !IsAcknowledged(snapshot)) {
    return Await("an acknowledger, or commits to go on without");
  }
  const std::string awaited = WhatReplicasAwait(snapshot);
  if (!awaited.empty() || !IsBeingTold(snapshot)) return Await(awaited);
  return Await("the program that is told of the last change of primary to end");
}

Plan KeepAlive(const Snapshot& snapshot) {
  std::vector<Step> fence = FenceFirst(snapshot);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  std::vector<Step> repair = RepairReplicas(snapshot);
  // Nothing is tried beside: until the primary has forgotten its source it would follow a deposed
  // one again if it were restarted.
  std::vector<Step> serve = Serve(snapshot, repair);
  if (!serve.empty()) return Phase("serve", std::move(serve));
  return WithFence(snapshot, KeepServing(snapshot, std::move(repair)));
}

std::optional<Plan> HandOver(const Snapshot& snapshot, const ServerUuid& heir,
                             const std::string& evidence) {
  if (RefuseUnasked(snapshot).has_value()) return {};  // guard: rule 7
  return Phase("begin", {BeginFailover{.evidence = evidence, .target = heir}});
}

// REQUIRES: nobody has to be fenced first.
Plan ReplaceDead(const Snapshot& snapshot, const Verdict& verdict) {
  if (std::optional<Refusal> refusal = RefuseFailover(snapshot)) {
    std::vector<Step> reattach = Reattach(snapshot);
    return reattach.empty() ? Refuse(*refusal) : Phase("re-attach", std::move(reattach));
  }
  std::optional<Refusal> refusal = RefuseUnasked(snapshot);
  if (refusal.has_value()) {  // guard: rule 7
    std::vector<Step> reattach = Reattach(snapshot);
    if (!reattach.empty()) return Phase("re-attach", std::move(reattach));
    refusal->message += "; " + verdict.evidence;
    return Refuse(*std::move(refusal));
  }
  return Phase("begin", {BeginFailover{.evidence = verdict.evidence}});
}

Plan KeepDead(const Snapshot& snapshot, const Verdict& verdict) {
  std::vector<Step> fence = FenceFirst(snapshot);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  return WithFence(snapshot, ReplaceDead(snapshot, verdict));
}

// A primary that cannot commit, or lets nobody in, makes room for another where the group's policy
// says so: it hands over in order if it can, and is replaced without it if no acknowledged write
// can be lost by that. Else it is kept as any other.
std::optional<Plan> ReplaceSick(const Snapshot& snapshot) {
  if (snapshot.group.intent.goal != Goal::kKeep) return {};
  if (!HandsOverSick(snapshot.group)) return {};  // guard: rule 7
  const Sickness sickness = JudgeHealth(snapshot);
  const bool sick = sickness.health == Health::kSick;
  const bool crowded = snapshot.crowded_for >= snapshot.sick_after;
  if (!sick && !crowded) return {};  // guard: rule 7
  const std::string evidence =
      sick ? sickness.evidence
           : absl::StrCat(NameOf(snapshot.group, snapshot.group.primary),
                          " has had no connection left for ", DurationText(snapshot.crowded_for));
  if (!snapshot.hand_over_failed && !sickness.is_cut_off) {
    const ServerUuid heir = HeirOf(snapshot);
    if (!heir.empty()) return HandOver(snapshot, heir, evidence);
  }
  if (!sick) return {};                          // guard: rule 7
  if (!ReplacesSick(snapshot.group)) return {};  // guard: rule 2
  // By what is known of the primary: whoever forbade that it hands over forbids this, too.
  if (RefuseUnasked(snapshot).has_value()) return {};  // guard: rule 7
  const Snapshot without = WithoutPrimary(snapshot);
  if (RefuseFailover(without).has_value()) return {};
  return KeepDead(without, Verdict{.state = PrimaryState::kDead, .evidence = evidence});
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
      continue;
    }
    const Observation& source = snapshot.Of(seen.replication.source_uuid);
    const bool receives = seen.replication.receiver == ThreadState::kOn &&
                          source.executed.Contains(snapshot.group.watermark);
    const bool has_it = seen.Held().Contains(snapshot.group.watermark);
    if (seen.replication.applier_running && (receives || has_it)) {
      awaited = NameOf(snapshot.group, server) + " to apply what the last primary wrote";
    }
  }
  return close.empty() ? Await(awaited) : Phase("close", std::move(close));
}

Plan KeepUncertain(const Snapshot& snapshot, const Verdict& verdict) {
  std::vector<Step> fence = FenceFirst(snapshot);
  if (!fence.empty()) return Phase("fence", std::move(fence));  // guard: rule 2
  const bool awaits = snapshot.group.active || IsCommitted(snapshot.group);
  Plan plan = awaits ? Await(verdict.evidence) : Plan();
  if (std::vector<Step> reattach = Reattach(snapshot); !reattach.empty()) {
    plan = Phase("re-attach", std::move(reattach));
  }
  return WithFence(snapshot, std::move(plan));
}

}  // namespace

Plan DecideKeep(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Verdict verdict = Judge(snapshot, /*ask_monitors=*/true);
  if (verdict.state == PrimaryState::kNone) return KeepWithoutPrimary(snapshot);
  if (verdict.state == PrimaryState::kAlive) {
    std::optional<Plan> replaced = ReplaceSick(snapshot);
    return replaced.has_value() ? *std::move(replaced) : KeepAlive(snapshot);
  }
  const Verdict own = Judge(snapshot, /*ask_monitors=*/false);
  if (IsCommitted(group) && own.state == PrimaryState::kDead) {
    return Refuse(Refusal{.reason = "PRIMARY_LOST",
                          .message = "the new primary was lost before it served: " + own.evidence,
                          .next_step = "promote another server, or start it again",
                          .servers = {group.primary}});
  }
  // A group that is not active is left alone: the finding tells.
  if (verdict.state != PrimaryState::kDead)
    return KeepUncertain(snapshot, verdict);                   // guard: rule 7
  if (!group.active) return KeepUncertain(snapshot, verdict);  // guard: rule 7
  return KeepDead(snapshot, verdict);
}

}  // namespace weft::controller
