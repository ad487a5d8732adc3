// A record that came from a backup may be older than the servers: there may have been failovers
// since, and servers added. Until all servers of the record have been looked at and agree on one
// primary, nothing is done to any of them: not the one of record opened, nor another fenced.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

constexpr char kReason[] = "RESTORED";

Refusal Unconfirmed(std::string message, std::string next_step, std::vector<ServerUuid> servers) {
  return Refusal{.reason = kReason,
                 .message = absl::StrCat("the record comes from a backup, and its servers do not "
                                         "confirm it: ",
                                         message),
                 .next_step = std::move(next_step),
                 .servers = std::move(servers)};
}

std::vector<ServerUuid> Members(const Snapshot& snapshot) {
  std::vector<ServerUuid> members;
  for (const Server& server : snapshot.group.servers) members.push_back(server.uuid);
  return members;
}

bool IsMember(const Group& group, const Replication& replication) {
  return std::any_of(group.servers.begin(), group.servers.end(), [&](const Server& server) {
    return replication.source_uuid.empty() ? server.address == replication.source
                                           : server.uuid == replication.source_uuid;
  });
}

bool Receives(const Observation& server) {
  return server.replication.configured && server.replication.receiver != ThreadState::kOff;
}

// Any may be the primary that the backup does not know of.
std::optional<Refusal> RefuseSilent(const Snapshot& snapshot) {
  std::vector<ServerUuid> silent;
  for (const ServerUuid& server : Members(snapshot)) {
    if (!snapshot.Of(server).reached()) silent.push_back(server);
  }
  if (silent.empty()) return std::nullopt;
  return Unconfirmed(absl::StrCat("any of them may be the primary by now, and no answer came from ",
                                  NamesOf(snapshot.group, silent)),
                     absl::StrCat("start them; one that is gone for good: weft group remove ",
                                  snapshot.group.id, " SERVER"),
                     silent);
}

std::optional<Refusal> RefuseStrangers(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  std::set<std::string> known;
  for (const ServerUuid& server : Members(snapshot)) known.insert(server.text());
  for (const Epoch& epoch : group.history) known.insert(epoch.primary.text());
  for (const std::string& uuid : group.watermark.Uuids()) known.insert(uuid);
  for (const ServerUuid& server : Members(snapshot)) {
    const Observation& seen = snapshot.Of(server);
    if (Receives(seen) && !IsMember(group, seen.replication)) {
      return Unconfirmed(
          absl::StrCat(NameOf(group, server), " replicates from ",
                       seen.replication.source.ToString(), ", which the backup does not know"),
          "restore a newer backup, or tear the store down and adopt the topology as it is",
          {server});
    }
    for (const std::string& uuid : seen.Held().Uuids()) {
      if (known.contains(uuid)) continue;
      return Unconfirmed(
          absl::StrCat(NameOf(group, server), " has transactions of ", uuid,
                       ", a server that the backup does not know"),
          "restore a newer backup, or tear the store down and adopt the topology as it is",
          {server});
    }
  }
  return std::nullopt;
}

// What `server` lacks of what the others hold. What it writes itself meanwhile others may have been
// read after it.
GtidSet Lacks(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  GtidSet all = snapshot.group.watermark;
  for (const ServerUuid& other : Members(snapshot)) {
    const GtidSet held = snapshot.Of(other).Held();
    all = all.Union(IsOpen(seen) ? held.Without(server.text()) : held);
  }
  return all.Minus(seen.executed);
}

bool IsFollowed(const Snapshot& snapshot, const ServerUuid& server) {
  const std::vector<ServerUuid> members = Members(snapshot);
  return std::any_of(members.begin(), members.end(),
                     [&](const ServerUuid& other) { return PointsAt(snapshot, other, server); });
}

// Nobody takes writes: who holds everything, the one that others follow first, then the primary of
// record. Empty: nobody does.
ServerUuid Complete(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  ServerUuid best;
  int rank = 0;
  for (const ServerUuid& server : Members(snapshot)) {
    if (!Lacks(snapshot, server).Empty()) continue;
    const bool of_record = server == group.primary;
    if (!of_record && (RuleOf(group, server) == PromotionRule::kMustNot ||
                       StatusOf(group, server) == ServerStatus::kSpare)) {
      continue;
    }
    const int mine = 1 + (of_record ? 1 : 0) + (IsFollowed(snapshot, server) ? 2 : 0);
    if (mine <= rank) continue;
    best = server;
    rank = mine;
  }
  return best;
}

// Those that acknowledge by their own word; no other begins to unless Weft says so. Nobody where
// commits do not wait for them.
std::set<ServerUuid> Acknowledging(const Snapshot& snapshot, const ServerUuid& primary) {
  std::set<ServerUuid> servers;
  if (snapshot.group.durability != Durability::kLossless) return servers;
  const Observation& seen = snapshot.Of(primary);
  if (IsOpen(seen) && !IsArmed(seen, WaitFor(snapshot.group))) return servers;  // guard: rule 3
  for (const ServerUuid& server : Members(snapshot)) {
    if (server != primary && snapshot.Of(server).semi_sync.replica_enabled) servers.insert(server);
  }
  return servers;
}

}  // namespace

Plan DecideRestored(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (std::optional<Refusal> refusal = RefuseSilent(snapshot)) {
    return Refuse(*std::move(refusal));  // guard: rule 3
  }
  if (std::optional<Refusal> refusal = RefuseStrangers(snapshot)) {
    return Refuse(*std::move(refusal));  // guard: rule 3
  }
  std::vector<ServerUuid> open;
  for (const ServerUuid& server : Members(snapshot)) {
    if (IsOpen(snapshot.Of(server))) open.push_back(server);
  }
  if (open.size() > 1) {  // guard: rule 2
    return Refuse(Unconfirmed(
        absl::StrCat("one of them should accept writes, and these do: ", NamesOf(group, open)),
        "find out which one clients write to, and set super_read_only on the others", open));
  }
  if (open.empty() && group.primary.empty()) {
    return Phase("confirm", {Commit{.primary = {}, .acknowledgers = {}, .watermark = {}}});
  }
  const ServerUuid primary = open.empty() ? Complete(snapshot) : open.front();
  if (primary.empty()) {
    return Refuse(Unconfirmed(
        "nobody accepts writes, and none has executed all that the others hold and the watermark",
        "wait until one has applied what it received; else restore a newer backup, or tear the "
        "store down and adopt the topology as it is",
        Members(snapshot)));
  }
  if (Receives(snapshot.Of(primary)) && !open.empty()) {
    return Refuse(Unconfirmed(
        absl::StrCat(NameOf(group, primary), " accepts writes and replicates from another"),
        "stop its replication, or set super_read_only on it", {primary}));
  }
  if (const GtidSet lacks = Lacks(snapshot, primary); !lacks.Empty()) {  // guard: rule 3
    return Refuse(Unconfirmed(
        absl::StrCat(NameOf(group, primary), " accepts writes, and lacks [", Shown(lacks),
                     "] of what the others hold and the watermark"),
        absl::StrCat("find out which server clients wrote to; one whose own transactions are not "
                     "wanted: weft group remove ",
                     group.id, " SERVER"),
        {primary}));
  }
  return Phase("confirm", {Commit{.primary = primary,
                                  .acknowledgers = Acknowledging(snapshot, primary),
                                  .watermark = snapshot.Of(primary).executed}});
}

}  // namespace weft::controller
