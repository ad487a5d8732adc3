#include "services/controller/core/memory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/continue_alone.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/sick.h"
#include "services/controller/core/strangers.h"

namespace weft::controller {
namespace {

void RememberSilence(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  for (auto& [server, seen] : snapshot->seen) {
    if (seen.contact == Contact::kAnswered) {
      memory->silent_since.erase(server);
      seen.silent_for = absl::ZeroDuration();
      continue;
    }
    const auto [since, is_new] = memory->silent_since.emplace(server, now);
    seen.silent_for = now - since->second;
  }
}

void RememberFence(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  const Group& group = snapshot->group;
  const bool stopped =
      group.intent.reopen && group.intent.given_up.empty() && IsFenced(snapshot->Of(group.primary));
  if (!stopped) {
    // A primary that is silent for a moment is no less fenced than before.
    if (!group.intent.reopen || snapshot->Of(group.primary).reached()) memory->fenced_since.reset();
    return;
  }
  if (!memory->fenced_since.has_value()) memory->fenced_since = now;
  snapshot->write_stopped_for = now - *memory->fenced_since;
}

void RememberSwitch(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  const Intent& intent = snapshot->group.intent;
  if (!intent.reopen || !intent.given_up.empty()) {
    memory->switching_since.reset();
    return;
  }
  if (!memory->switching_since.has_value()) memory->switching_since = now;
  snapshot->switching_for = now - *memory->switching_since;
}

// As it was at the last look that reached it, in whichever epoch and part.
void RememberPreset(const Snapshot& snapshot, const ServerUuid& server, Memory* memory) {
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) return;
  memory->preset.erase(server);
  if (seen.semi_sync.replica_preset) memory->preset.insert(server);  // guard: rule 4
}

void RememberAccount(const Snapshot& snapshot, const ServerUuid& server, Memory* memory) {
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) return;
  memory->own_account.erase(server);  // guard: rule 3
  if (seen.replication.own_account) memory->own_account.insert(server);
}

void RememberServer(const Snapshot& snapshot, const ServerUuid& server,
                    Memory::ServerMemory* memory) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  Marks& marks = memory->marks;
  const bool unable = IsUnable(snapshot, server);
  const bool was_unable = std::exchange(memory->unable, unable);
  if (!unable) marks.unable.reset();  // guard: rule 3
  if (!unable || marks.unable.has_value()) return;
  // Not at the first such look: an acknowledgement may just have been on its way.
  if (was_unable) marks.unable = primary.executed;  // proof: rule 3
}

void ForgetReturn(Marks* marks) {
  marks->returned.reset();
  marks->returned_while_commits_wait = false;
}

// The flag may come on again only by Weft, after the proof; or by a restart with the flag preset.
void RememberReturn(const Snapshot& snapshot, const ServerUuid& server, Marks* marks) {
  const Observation& seen = snapshot.Of(server);
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  if (!seen.reached() || seen.semi_sync.replica_enabled) {  // guard: rule 4
    return ForgetReturn(marks);
  }
  // Somebody has cleared the flag alone: what it acknowledges from now on it may yet lose.
  if (seen.semi_sync.replica_active) return ForgetReturn(marks);  // guard: rule 4
  if (!primary.reached()) return;                                 // guard: rule 4
  const bool commits_wait = CommitsWait(snapshot);
  // What was committed alone since it was taken is in no set: then the proof begins anew.
  if (marks->returned.has_value() && marks->returned_while_commits_wait == commits_wait) return;
  marks->returned = primary.executed;
  marks->returned_while_commits_wait = commits_wait;
}

void RememberStrangers(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  if (snapshot->Of(snapshot->group.primary).reached()) {
    std::optional<Strangers> found = FindStrangers(*snapshot);
    if (!found.has_value()) {
      memory->strangers_believed = false;
      memory->once_without_strangers = true;
    }
    if (found.has_value() && !memory->strangers.has_value()) memory->strangers_since = now;
    memory->strangers = std::move(found);
    if (memory->strangers.has_value() && now - memory->strangers_since >= kStrangersStay) {
      memory->strangers_believed = true;
    }
  }
  if (memory->strangers_believed) snapshot->strangers = memory->strangers;
  snapshot->once_without_strangers = memory->once_without_strangers;
}

void RememberWant(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  if (!snapshot->Of(snapshot->group.primary).reached()) return;
  if (!LacksAcknowledgements(*snapshot)) {  // guard: rule 3
    memory->unacknowledged_since.reset();
    return;
  }
  if (!memory->unacknowledged_since.has_value()) memory->unacknowledged_since = now;
  snapshot->unacknowledged_for = now - *memory->unacknowledged_since;
}

void RememberExecuted(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  const Observation& primary = snapshot->Of(snapshot->group.primary);
  const bool moved = !primary.reached() || memory->executed != primary.executed;
  if (moved) memory->executed_since = now;  // guard: rule 7
  memory->executed = primary.executed;
  snapshot->still_for = now - memory->executed_since;
}

void RememberAbreast(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  if (!EnoughAreAbreast(*snapshot)) {  // guard: rule 7
    memory->abreast_since.reset();
    return;
  }
  if (!memory->abreast_since.has_value()) memory->abreast_since = now;
  snapshot->abreast_for = now - *memory->abreast_since;
}

void RememberSickness(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  const Group& group = snapshot->group;
  const Intent& intent = group.intent;
  const bool crowded = IsCrowded(*snapshot);
  if (!crowded) memory->crowded_since.reset();  // guard: rule 7
  if (crowded && !memory->crowded_since.has_value()) memory->crowded_since = now;
  if (crowded) snapshot->crowded_for = now - *memory->crowded_since;
  if (intent.failover && !intent.target.empty() && intent.target != group.primary) {
    memory->hand_over_tried = true;
  } else if (!crowded && JudgeHealth(*snapshot).health == Health::kWell) {
    memory->hand_over_tried = false;
  }
  snapshot->hand_over_failed = memory->hand_over_tried;
}

// Everybody is in place again and commits can be acknowledged: what failed before is over, and a
// failure from now on is another one (S24 is about groups that flap, not about two bad days).
bool HasHealed(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (!IsOpen(snapshot.Of(group.primary)) || group.intent.goal != Goal::kKeep) return false;
  const bool all_in_place =
      std::all_of(group.servers.begin(), group.servers.end(), [&](const Server& server) {
        return snapshot.Of(server.uuid).reached() && server.status != ServerStatus::kFaulty &&
               server.status != ServerStatus::kConfiguring;
      });
  return all_in_place && (!IsLosslessEpoch(group) ||
                          CountAcknowledging(snapshot) >= static_cast<int>(WaitFor(group)));
}

// How old what happened at `of` is by now.
absl::Duration AgeOf(absl::Duration now, absl::Time wall, absl::Time of,
                     std::optional<Memory::Countdown>* countdown) {
  if (!countdown->has_value() || (*countdown)->of != of) {  // proof: rule 7
    *countdown = Memory::Countdown{of, now, std::max(absl::ZeroDuration(), wall - of)};
  }
  return (*countdown)->age + (now - (*countdown)->seen);
}

// A setting says for how long whatever happens; without one a group that has healed is free again.
void RememberFailover(absl::Duration now, absl::Time wall, absl::Duration option, Memory* memory,
                      Snapshot* snapshot) {
  const Group& group = snapshot->group;
  if (HasHealed(*snapshot)) memory->healed = group.last_failover.epoch;
  if (group.last_failover.epoch == 0) return;                                  // there was none
  if (group.last_failover.epoch <= group.settings.acknowledged_epoch) return;  // proof: rule 7
  const absl::Duration age = AgeOf(now, wall, group.last_failover.when, &memory->last_failover);
  const std::optional<absl::Duration>& set = group.settings.cool_down;
  if (!set.has_value() && memory->healed == group.last_failover.epoch) return;  // proof: rule 7
  snapshot->cool_down = std::max(absl::ZeroDuration(), set.value_or(option) - age);
}

void RememberHooks(absl::Duration now, absl::Time wall, Memory* memory, Snapshot* snapshot) {
  const HookRecord& hooks = snapshot->group.hooks;
  const bool aborted = std::any_of(
      hooks.outcomes.begin(), hooks.outcomes.end(),
      [](const auto& outcome) { return absl::StartsWith(outcome.second, kHookAborted); });
  if (!aborted) return;  // proof: rule 7
  const absl::Duration age = AgeOf(now, wall, hooks.when, &memory->last_hook);
  snapshot->hook_rest = std::max(absl::ZeroDuration(), kHookRest - age);
}

void RememberWindows(absl::Duration now, absl::Time wall, Memory* memory, Snapshot* snapshot) {
  const auto& windows = snapshot->group.settings.maintenance;
  std::erase_if(memory->windows, [&](const auto& known) {
    const auto found = windows.find(known.first);
    return found == windows.end() || found->second.until != known.second.of;
  });
  for (const auto& [server, window] : windows) {
    const auto [known, is_new] = memory->windows.try_emplace(
        server, Memory::Countdown{window.until, now, window.until - wall});
    const absl::Duration left = known->second.age - (now - known->second.seen);
    if (left > absl::ZeroDuration()) snapshot->maintenance[server] = left;  // guard: rule 7
  }
}

void RememberLags(Memory* memory, Snapshot* snapshot) {
  const ServerUuid& primary = snapshot->group.primary;
  if (snapshot->Of(primary).reached()) {
    memory->lags.clear();
    for (const auto& [server, seen] : snapshot->seen) {
      if (server != primary && seen.reached() && seen.replication.configured) {
        memory->lags[server] = seen.replication.lag;
      }
    }
  }
  snapshot->lags = memory->lags;
}

}  // namespace

void ForgetMarks(const ServerUuid& server, Memory* memory) {
  Memory::ServerMemory& remembered = memory->servers[server];
  remembered.unable = false;
  remembered.marks.unable.reset();
  ForgetReturn(&remembered.marks);
}

void Remember(absl::Duration now, absl::Time wall, absl::Duration failover_cool_down,
              Memory* memory, Snapshot* snapshot) {
  const Group& group = snapshot->group;
  if (memory->epoch != group.epoch) {  // guard: rule 3
    memory->epoch = group.epoch;
    memory->servers.clear();
    memory->fenced_since.reset();
    memory->switching_since.reset();
    memory->strangers.reset();
    memory->unacknowledged_since.reset();
    memory->abreast_since.reset();
    memory->crowded_since.reset();
    memory->hand_over_tried = false;
    memory->strangers_believed = false;
    memory->once_without_strangers = false;
    memory->lags.clear();
  }
  RememberSilence(now, memory, snapshot);
  RememberFence(now, memory, snapshot);
  RememberSwitch(now, memory, snapshot);
  RememberStrangers(now, memory, snapshot);
  RememberExecuted(now, memory, snapshot);
  RememberAbreast(now, memory, snapshot);
  RememberWant(now, memory, snapshot);
  RememberSickness(now, memory, snapshot);
  RememberFailover(now, wall, failover_cool_down, memory, snapshot);
  RememberHooks(now, wall, memory, snapshot);
  RememberWindows(now, wall, memory, snapshot);
  RememberLags(memory, snapshot);
  RememberDrained(now, &memory->drain, snapshot);
  for (const Server& server : group.servers) {
    RememberPreset(*snapshot, server.uuid, memory);
    if (server.uuid == group.primary) continue;
    Memory::ServerMemory& remembered = memory->servers[server.uuid];
    RememberAccount(*snapshot, server.uuid, memory);
    remembered.marks.preset = memory->preset.contains(server.uuid);
    remembered.marks.own_account = memory->own_account.contains(server.uuid);
    // What follows asks for these two.
    snapshot->marks[server.uuid].preset = remembered.marks.preset;
    snapshot->marks[server.uuid].own_account = remembered.marks.own_account;
    RememberServer(*snapshot, server.uuid, &remembered);
    RememberReturn(*snapshot, server.uuid, &remembered.marks);
    snapshot->marks[server.uuid] = remembered.marks;
  }
}

}  // namespace weft::controller
