#include "services/controller/core/acknowledgers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

const Marks& MarksOf(const Snapshot& snapshot, const ServerUuid& server) {
  static const Marks* const kNone = new Marks;
  const auto found = snapshot.marks.find(server);
  return found == snapshot.marks.end() ? *kNone : found->second;
}

bool IsPreset(const Snapshot& snapshot, const ServerUuid& server) {
  return snapshot.Of(server).semi_sync.replica_preset || MarksOf(snapshot, server).preset;
}

// By the record and by its own word it waits for nobody when it leads, and it can be written to.
bool CommitsAlone(const Snapshot& snapshot, const ServerUuid& leader) {
  const Observation& seen = snapshot.Of(leader);
  if (IsLosslessEpoch(snapshot.group) || IsFenced(seen)) return false;
  return !IsArmed(seen, WaitFor(snapshot.group));
}

// It holds what the primary has executed at this look.
bool HoldsWhatThePrimaryHas(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  return primary.reached() && snapshot.Of(server).Held().Contains(primary.executed);
}

// It holds what the primary had executed at a look not before its return.
bool HoldsWhatThePrimaryHad(const Snapshot& snapshot, const ServerUuid& server) {
  const std::optional<GtidSet>& returned = MarksOf(snapshot, server).returned;
  return (returned.has_value() && snapshot.Of(server).Held().Contains(*returned)) ||
         HoldsWhatThePrimaryHas(snapshot, server);
}

// The same, of a return while commits waited: so it holds all that it ever acknowledged.
bool HasMadeGoodItsRestart(const Snapshot& snapshot, const ServerUuid& server) {
  const Marks& marks = MarksOf(snapshot, server);
  if (!marks.returned_while_commits_wait) return false;  // guard: rule 4
  return marks.returned.has_value() && snapshot.Of(server).Held().Contains(*marks.returned);
}

// It receives from `source` and may acknowledge, whether the record says that it may or not. The
// flag takes effect when the receiver connects: until then it is as it was.
bool IsAcknowledgingTo(const Snapshot& snapshot, const ServerUuid& server,
                       const ServerUuid& source) {
  const Observation& seen = snapshot.Of(server);
  return seen.reached() && (seen.semi_sync.replica_enabled || seen.semi_sync.replica_active) &&
         ReceivesFrom(snapshot, server, source);
}

bool IsAcknowledging(const Snapshot& snapshot, const ServerUuid& server) {
  return IsAcknowledgingTo(snapshot, server, snapshot.group.primary);
}

// What it lost by a restart was acknowledged before; what it acknowledges from now on is new.
bool HasProvenItself(const Snapshot& snapshot, const ServerUuid& server) {
  if (snapshot.Of(server).semi_sync.replica_enabled) return IsAcknowledger(snapshot.group, server);
  if (!CommitsWait(snapshot)) return false;  // guard: rule 4
  return HasMadeGoodItsRestart(snapshot, server) || HoldsWhatThePrimaryHas(snapshot, server);
}

bool HasBeenSilent(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  return seen.contact == Contact::kUnreachable && seen.silent_for >= snapshot.narrow_after;
}

// The primary has the account that it logs in with, and nobody else logs in with it.
bool CanBeLockedOut(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  return primary.reached() && primary.accounts.contains(server) &&
         MarksOf(snapshot, server).own_account;
}

// Whatever is wanted of it, it may acknowledge the commits of `winner` without being asked again.
// One that does not answer may receive from anybody: Weft may have begun to move it, or it has
// slept through changes of primary.
bool MayAcknowledgeUnasked(const Snapshot& snapshot, const ServerUuid& server,
                           const ServerUuid& winner) {
  if (!snapshot.Of(server).reached()) return IsAcknowledger(snapshot.group, server);
  return IsAcknowledgingTo(snapshot, server, winner);
}

// The primary says that it sends to it, and it may come again if it is cut off.
bool IsSentTo(const Snapshot& snapshot, const ServerUuid& server) {
  return StreamsTo(snapshot.Of(snapshot.group.primary), server) && !IsLockedOut(snapshot, server);
}

// It does not answer, but may receive from `source` now or later, with its flag on.
bool MayWakeUp(const Snapshot& snapshot, const ServerUuid& source, const Server& server) {
  if (server.uuid == source || server.status == ServerStatus::kConfiguring) return false;
  const Observation& seen = snapshot.Of(server.uuid);
  return !seen.reached() && !seen.refused && !LocksOut(snapshot.Of(source), server.uuid);
}

// Who is in no set because a primary had locked it out, unseen, may still receive from another one
// that it followed before, and acknowledge.
bool MayStillReceive(const Snapshot& snapshot, const ServerUuid& source, const Server& server) {
  if (server.uuid == snapshot.group.primary || !MayWakeUp(snapshot, source, server)) return false;
  return StreamsTo(snapshot.Of(source), server.uuid) ||
         std::any_of(snapshot.seen.begin(), snapshot.seen.end(),
                     [&](const auto& one) { return LocksOut(one.second, server.uuid); });
}

void AddWhoMayWakeUp(const Snapshot& snapshot, const ServerUuid& source,
                     std::set<ServerUuid>* servers) {
  for (const Server& server : snapshot.group.servers) {
    if (MayWakeUp(snapshot, source, server)) servers->insert(server.uuid);
  }
}

// Another acknowledger, which commits go on with, that holds `set`.
bool AnotherHolds(const Snapshot& snapshot, const ServerUuid& server, const GtidSet& set) {
  return std::any_of(snapshot.group.acknowledgers.servers.begin(),
                     snapshot.group.acknowledgers.servers.end(), [&](const ServerUuid& other) {
                       return other != server && IsAcknowledging(snapshot, other) &&
                              snapshot.Of(other).Held().Contains(set);
                     });
}

}  // namespace

bool IsLosslessEpoch(const Group& group) {
  return group.durability == Durability::kLossless && !group.acknowledgers.servers.empty();
}

bool MayBeLossless(const Snapshot& snapshot) {
  return snapshot.group.durability == Durability::kLossless &&
         snapshot.Of(snapshot.group.primary).can_semi_sync;
}

std::string WhyUnproven(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) {  // guard: rule 3
    return absl::StrCat("does not answer", seen.error.empty() ? "" : ": ", seen.error);
  }
  const bool rebuilt = StatusOf(snapshot.group, server) == ServerStatus::kConfiguring;
  if (rebuilt) return "is being rebuilt";  // guard: rule 3
  if (IsPreset(snapshot, server)) {        // guard: rule 4
    return "has its semi-sync flag in an option file, which proves nothing";
  }
  if (seen.semi_sync.replica_enabled) return "";           // proof: rule 4
  if (HasMadeGoodItsRestart(snapshot, server)) return "";  // proof: rule 4
  return "has restarted since it was admitted, or commits waited for nobody, and may lack some";
}

std::optional<Refusal> RefuseUnlessEveryCommitIsSeen(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (group.durability != Durability::kLossless) return std::nullopt;
  if (group.acknowledgers.servers.empty()) {  // guard: rule 3
    const std::vector<ServerUuid> others = ReachedOthers(snapshot);
    const bool none_can = std::none_of(others.begin(), others.end(), [&](const ServerUuid& other) {
      return snapshot.Of(other).can_semi_sync;
    });
    // Then it was never anything but asynchronous, and said so.
    if (none_can) return std::nullopt;  // proof: rule 3
    return Refusal{
        .reason = "NO_ACKNOWLEDGER",
        .message = MayContinueAlone(group)
                       ? "the group goes on without acknowledgements "
                         "(on_last_acknowledger_lost is continue): those reached may lack "
                         "writes"
                       : "the policy is lossless, but nobody had been admitted to acknowledge "
                         "the writes of this epoch: those reached may lack some",
        .next_step =
            "start the primary again, or accept the loss: set the group's "
            "durability to async and promote",
        .servers = {group.primary}};
  }
  std::vector<ServerUuid> missing;
  std::vector<std::string> why;
  for (const ServerUuid& server : group.acknowledgers.servers) {
    const std::string reason = WhyUnproven(snapshot, server);
    if (reason.empty()) continue;
    missing.push_back(server);
    why.push_back(absl::StrCat(NameOf(group, server), " ", reason));
  }
  if (missing.size() < WaitFor(group)) return std::nullopt;  // proof: rule 3
  std::string list;
  for (const std::string& one : why) absl::StrAppend(&list, list.empty() ? "" : "; ", one);
  return Refusal{
      .reason = "NOT_REACHED_ACKNOWLEDGER",
      .message = absl::StrCat("a write may be known to nobody else: expected fewer than ",
                              WaitFor(group), " of ", group.acknowledgers.servers.size(),
                              " acknowledgers to be missing, found ", missing.size(), ": ", list),
      .next_step = absl::StrCat("start ", NamesOf(group, missing), " or the old primary again"),
      .servers = missing};
}

bool IsUnable(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  // What it hears from the server meanwhile is not known.
  if (!primary.reached()) return false;          // guard: rule 3
  if (StreamsTo(primary, server)) return false;  // guard: rule 3
  if (IsPreset(snapshot, server)) return false;  // guard: rule 4
  const Observation& seen = snapshot.Of(server);
  if (seen.reached()) return seen.replication.receiver == ThreadState::kOff;
  if (CanBeLockedOut(snapshot, server)) {
    // A receiver that was left alone reconnects by itself, also one whose port refuses.
    if (!IsLockedOut(snapshot, server)) return false;  // guard: rule 3
  } else if (!seen.refused) {                          // guard: rule 3
    return false;
  }
  return HasBeenSilent(snapshot, server);
}

bool IsLockedOut(const Snapshot& snapshot, const ServerUuid& server) {
  return LocksOut(snapshot.Of(snapshot.group.primary), server);
}

bool IsToBeLockedOut(const Snapshot& snapshot, const ServerUuid& server) {
  if (!IsAcknowledger(snapshot.group, server) || !HasBeenSilent(snapshot, server)) return false;
  if (!CanBeLockedOut(snapshot, server) || IsPreset(snapshot, server)) return false;
  if (!IsDispensable(snapshot, server)) return false;  // guard: rule 3
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  return !IsLockedOut(snapshot, server) || StreamsTo(primary, server);
}

bool IsDispensable(const Snapshot& snapshot, const ServerUuid& server) {
  uint32_t others = 0;
  for (const ServerUuid& other : snapshot.group.acknowledgers.servers) {
    if (other == server || !IsAcknowledging(snapshot, other)) continue;
    if (!IsSentTo(snapshot, other)) continue;  // guard: rule 3
    if (IsSetAside(snapshot.group, other)) continue;
    // Two SPAREs must not each be let go because the other one is there.
    const bool stays = StatusOf(snapshot.group, other) != ServerStatus::kSpare || other < server;
    if (stays) ++others;
  }
  return others >= WaitFor(snapshot.group);
}

bool ShouldAcknowledge(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  const Observation& seen = snapshot.Of(server);
  if (!MayBeLossless(snapshot) || !seen.reached() || !seen.can_semi_sync) return false;
  if (IsSetAside(group, server)) return false;          // guard: rule 6
  if (!Errant(snapshot, server).Empty()) return false;  // guard: rule 6
  switch (StatusOf(group, server)) {
    case ServerStatus::kSecondary:
      return true;
    case ServerStatus::kSpare:
      return IsAcknowledger(group, server) && !IsDispensable(snapshot, server);
    case ServerStatus::kFaulty:
      // It came back as it was: it never stopped being one of them.
      return IsAcknowledger(group, server) && seen.semi_sync.replica_enabled;
    case ServerStatus::kPrimary:
    case ServerStatus::kConfiguring:
      return false;
  }
  return false;
}

bool MayAcknowledge(const Snapshot& snapshot, const ServerUuid& server) {
  if (!ShouldAcknowledge(snapshot, server)) return false;
  if (!IsAcknowledger(snapshot.group, server)) return false;  // guard: rule 3
  return HasProvenItself(snapshot, server);
}

bool IsCatchingUp(const Snapshot& snapshot, const ServerUuid& server) {
  if (!ShouldAcknowledge(snapshot, server)) return false;
  return IsAcknowledger(snapshot.group, server) ? !HasProvenItself(snapshot, server)
                                                : !HoldsWhatThePrimaryHad(snapshot, server);
}

std::optional<SetAcknowledgers> Widen(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (!MayBeLossless(snapshot)) return std::nullopt;
  std::set<ServerUuid> wider = group.acknowledgers.servers;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    // It does so already, wanted or not: commits may rely on it, so it is accounted for.
    const bool does_so = IsAcknowledging(snapshot, server) && !IsLockedOut(snapshot, server);
    if (IsLosslessEpoch(group) && does_so) wider.insert(server);  // guard: rule 3
    if (!ShouldAcknowledge(snapshot, server)) continue;
    const bool receiving = ReceivesFrom(snapshot, server, group.primary) &&
                           snapshot.Of(server).replication.receiver == ThreadState::kOn;
    // One that still lags would only stand in the way of a failover.
    if (!receiving || !HoldsWhatThePrimaryHad(snapshot, server)) continue;
    // Its flag would prove that it has what is committed alone: it is repaired first, if it can be.
    if (does_so && CommitsAlone(snapshot, group.primary)) {  // guard: rule 3
      if (snapshot.Of(server).replication.applier_running) return std::nullopt;
      continue;
    }
    wider.insert(server);
  }
  // The first ones make commits wait: not before there are enough of them.
  if (!IsLosslessEpoch(group) && wider.size() < WaitFor(group)) return std::nullopt;
  // Who slept through the time without acknowledgements may wake up and acknowledge.
  if (!IsLosslessEpoch(group)) AddWhoMayWakeUp(snapshot, group.primary, &wider);  // guard: rule 3
  if (wider == group.acknowledgers.servers) return std::nullopt;
  return SetAcknowledgers{.servers = std::move(wider), .watermark = group.watermark};
}

std::optional<SetAcknowledgers> Narrow(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const size_t fewest = WaitFor(group);
  if (group.acknowledgers.servers.size() <= fewest) return std::nullopt;  // guard: rule 3
  for (const ServerUuid& server : group.acknowledgers.servers) {
    const Marks& marks = MarksOf(snapshot, server);
    if (ShouldAcknowledge(snapshot, server)) continue;             // guard: rule 3
    if (!IsUnable(snapshot, server)) continue;                     // guard: rule 3
    if (!marks.unable.has_value()) continue;                       // guard: rule 3
    if (!AnotherHolds(snapshot, server, *marks.unable)) continue;  // guard: rule 3
    SetAcknowledgers narrower{.servers = group.acknowledgers.servers,
                              .watermark = group.watermark.Union(*marks.unable)};
    narrower.servers.erase(server);
    return narrower;
  }
  return std::nullopt;
}

bool AwaitsProof(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  if (!IsAcknowledger(group, server) || ShouldAcknowledge(snapshot, server)) return false;
  if (IsPreset(snapshot, server) || group.acknowledgers.servers.size() <= WaitFor(group)) {
    return false;
  }
  if (!AnotherHolds(snapshot, server, GtidSet())) return false;
  const Observation& seen = snapshot.Of(server);
  if (seen.reached()) return seen.replication.receiver == ThreadState::kOff;
  if (!CanBeLockedOut(snapshot, server)) return seen.refused;
  return seen.contact == Contact::kUnreachable && IsDispensable(snapshot, server);
}

std::set<ServerUuid> AcknowledgersAfter(const Snapshot& snapshot, const ServerUuid& winner) {
  const Group& group = snapshot.group;
  std::set<ServerUuid> chosen;
  if (group.durability != Durability::kLossless || !snapshot.Of(winner).can_semi_sync) {
    return chosen;
  }
  // Three classes, each taken whole, until there are enough for a commit to be acknowledged at all:
  // those who can begin at once, those who answer, and those who will have to come back first.
  std::set<ServerUuid> classes[3];
  for (const Server& server : group.servers) {
    if (server.uuid == winner || !server.set_aside.empty()) continue;
    const Observation& seen = snapshot.Of(server.uuid);
    if (server.status != ServerStatus::kSecondary && server.uuid != group.primary) continue;
    if (!seen.reached()) {
      classes[2].insert(server.uuid);
      continue;
    }
    if (!seen.can_semi_sync) continue;
    if (!Errant(snapshot, server.uuid).Empty()) continue;  // guard: rule 6
    const bool ready = seen.Held().Contains(snapshot.Of(winner).executed) ||
                       (seen.semi_sync.replica_enabled && IsAcknowledger(group, server.uuid));
    classes[ready ? 0 : 1].insert(server.uuid);
  }
  // Without a primary nothing is lossless yet: it begins when enough have caught up, rather than
  // with a write stop.
  if (group.primary.empty()) classes[2].clear();
  for (std::set<ServerUuid>& one : classes) {
    if (chosen.size() < WaitFor(group)) chosen.merge(one);
  }
  if (group.primary.empty() && chosen.size() < WaitFor(group)) return {};
  for (const Server& server : group.servers) {
    if (server.uuid == winner) continue;
    if (MayAcknowledgeUnasked(snapshot, server.uuid, winner)) {  // guard: rule 3
      chosen.insert(server.uuid);
    }
    if (MayStillReceive(snapshot, winner, server)) chosen.insert(server.uuid);  // guard: rule 3
  }
  if (IsLosslessEpoch(group)) return chosen;
  // A flag from before would prove that its server has what is committed until `winner` is armed.
  const bool flagged = std::any_of(chosen.begin(), chosen.end(), [&](const ServerUuid& server) {
    return snapshot.Of(server).semi_sync.replica_enabled;
  });
  if (flagged && CommitsAlone(snapshot, winner)) return {};  // guard: rule 3
  // Who was one before, when the primary was demoted or commits waited for nobody, may still have
  // its flag on.
  if (group.epoch > 0) AddWhoMayWakeUp(snapshot, winner, &chosen);  // guard: rule 3
  return chosen;
}

bool AcknowledgesNow(const Snapshot& snapshot, const ServerUuid& server) {
  return IsAcknowledging(snapshot, server) && snapshot.Of(server).semi_sync.replica_active;
}

int CountAcknowledging(const Snapshot& snapshot) {
  const std::set<ServerUuid>& servers = snapshot.group.acknowledgers.servers;
  return static_cast<int>(
      std::count_if(servers.begin(), servers.end(),
                    [&](const ServerUuid& server) { return AcknowledgesNow(snapshot, server); }));
}

int CountAbreast(const Snapshot& snapshot) {
  const std::set<ServerUuid>& servers = snapshot.group.acknowledgers.servers;
  return static_cast<int>(std::count_if(servers.begin(), servers.end(), [&](const ServerUuid& one) {
    return AcknowledgesNow(snapshot, one) && HoldsWhatThePrimaryHas(snapshot, one);
  }));
}

}  // namespace weft::controller
