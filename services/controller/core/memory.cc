#include "services/controller/core/memory.h"

#include <algorithm>
#include <utility>

#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"
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

void RememberServer(const Snapshot& snapshot, const ServerUuid& server,
                    Memory::ServerMemory* memory) {
  const Observation& seen = snapshot.Of(server);
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  Marks& marks = memory->marks;
  if (seen.reached()) marks.preset = seen.semi_sync.replica_preset;
  const bool unable = IsUnable(snapshot, server);
  const bool was_unable = std::exchange(memory->unable, unable);
  if (!unable) marks.unable.reset();  // guard: rule 3
  if (!unable || marks.unable.has_value()) return;
  // Not at the first such look: an acknowledgement may just have been on its way.
  if (was_unable) marks.unable = primary.executed;  // proof: rule 3
}

// The flag may come on again only by Weft, after the proof; or by a restart with the flag preset.
void RememberReturn(const Snapshot& snapshot, const ServerUuid& server, Marks* marks) {
  const Observation& seen = snapshot.Of(server);
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  if (!seen.reached() || seen.semi_sync.replica_enabled) {  // guard: rule 4
    marks->returned.reset();
    marks->returned_while_commits_wait = false;
    return;
  }
  if (!primary.reached()) return;  // guard: rule 4
  const bool commits_wait = CommitsWait(snapshot);
  if (marks->returned.has_value() && marks->returned_while_commits_wait >= commits_wait) return;
  marks->returned = primary.executed;
  marks->returned_while_commits_wait = commits_wait;
}

void RememberStrangers(absl::Duration now, Memory* memory, Snapshot* snapshot) {
  if (snapshot->Of(snapshot->group.primary).reached()) {
    std::optional<Strangers> found = FindStrangers(*snapshot);
    if (!found.has_value()) memory->strangers_believed = false;
    if (found.has_value() && !memory->strangers.has_value()) memory->strangers_since = now;
    memory->strangers = std::move(found);
    if (memory->strangers.has_value() && now - memory->strangers_since >= kStrangersStay) {
      memory->strangers_believed = true;
    }
  }
  if (memory->strangers_believed) snapshot->strangers = memory->strangers;
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

}  // namespace

void Remember(absl::Duration now, absl::Duration failover_cool_down, Memory* memory,
              Snapshot* snapshot) {
  const Group& group = snapshot->group;
  if (memory->epoch != group.epoch) {  // guard: rule 3
    memory->epoch = group.epoch;
    memory->servers.clear();
    memory->fenced_since.reset();
    memory->switching_since.reset();
    memory->strangers.reset();
    memory->strangers_believed = false;
  }
  RememberSilence(now, memory, snapshot);
  RememberFence(now, memory, snapshot);
  RememberSwitch(now, memory, snapshot);
  RememberStrangers(now, memory, snapshot);
  if (HasHealed(*snapshot)) memory->last_failover.reset();
  if (memory->last_failover.has_value()) {
    snapshot->cool_down =
        std::max(absl::ZeroDuration(), *memory->last_failover + failover_cool_down - now);
  }
  for (const Server& server : group.servers) {
    if (server.uuid == group.primary) continue;
    Memory::ServerMemory& remembered = memory->servers[server.uuid];
    snapshot->marks[server.uuid].preset = remembered.marks.preset;
    RememberServer(*snapshot, server.uuid, &remembered);
    RememberReturn(*snapshot, server.uuid, &remembered.marks);
    snapshot->marks[server.uuid] = remembered.marks;
  }
}

}  // namespace weft::controller
