// Accounts of the replicas' own: made ahead, locked to keep a silent one out, opened for one that
// comes back. Source: issue Lossless, part 1.
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

bool IsInService(const Snapshot& snapshot, const ServerUuid& server) {
  return StatusOf(snapshot.group, server) != ServerStatus::kConfiguring &&
         !IsSetAside(snapshot.group, server) && Errant(snapshot, server).Empty();
}

// It acknowledges nothing as it is, or what it acknowledges is accounted for.
bool MayBeLetIn(const Snapshot& snapshot, const ServerUuid& server) {
  const SemiSync& semi_sync = snapshot.Of(server).semi_sync;
  return IsAcknowledger(snapshot.group, server) ||
         (!semi_sync.replica_enabled && !semi_sync.replica_active);
}

// Locks outlive the epoch in which they served, and would keep a replica out of a later one.
bool IsToBeOpened(const Snapshot& snapshot, const ServerUuid& source, const ServerUuid& replica) {
  const std::map<ServerUuid, bool>& accounts = snapshot.Of(source).accounts;
  const auto found = accounts.find(replica);
  if (found == accounts.end()) return true;
  return found->second && source != snapshot.group.primary;
}

}  // namespace

std::vector<Step> LockOut(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : snapshot.group.acknowledgers.servers) {
    if (!IsToBeLockedOut(snapshot, server)) continue;
    steps.push_back(LockAccount{.server = snapshot.group.primary, .replica = server});
  }
  return steps;
}

std::vector<Step> LetIn(const Snapshot& snapshot) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (!IsLockedOut(snapshot, server) || !IsInService(snapshot, server)) continue;
    if (!MayBeLetIn(snapshot, server)) continue;  // guard: rule 3
    steps.push_back(OpenAccount{.server = snapshot.group.primary, .replica = server});
  }
  return steps;
}

std::vector<Step> KeepOutOfOthers(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  std::vector<Step> steps;
  for (const Server& server : group.servers) {
    // First the group learns to do without it.
    if (snapshot.Of(server.uuid).reached() || IsAcknowledger(group, server.uuid)) continue;
    if (!IsLockedOut(snapshot, server.uuid)) continue;
    for (const ServerUuid& source : ReachedOthers(snapshot)) {
      const Observation& seen = snapshot.Of(source);
      if (!IsFenced(seen) || !seen.gives_accounts || !IsInService(snapshot, source)) continue;
      const bool open = seen.accounts.contains(server.uuid) && !LocksOut(seen, server.uuid);
      if (!open && !StreamsTo(seen, server.uuid)) continue;
      steps.push_back(LockAccount{.server = source, .replica = server.uuid});
    }
  }
  return steps;
}

std::vector<Step> GiveAccounts(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  std::vector<Step> steps;
  if (!MayBeLossless(snapshot)) return steps;
  for (const Server& source : group.servers) {
    const Observation& seen = snapshot.Of(source.uuid);
    const bool ready = source.uuid == group.primary || IsFenced(seen);
    if (!ready || !seen.gives_accounts || !IsInService(snapshot, source.uuid)) continue;
    for (const Server& replica : group.servers) {
      if (replica.uuid == source.uuid || !IsInService(snapshot, replica.uuid)) continue;
      // One that is silent may still be told to follow with another account.
      if (!snapshot.Of(replica.uuid).reached()) continue;  // guard: rule 3
      if (!IsToBeOpened(snapshot, source.uuid, replica.uuid)) continue;
      steps.push_back(OpenAccount{.server = source.uuid, .replica = replica.uuid});
    }
  }
  return steps;
}

std::vector<Step> UseAccounts(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  for (const ServerUuid& replica : ReachedOthers(snapshot)) {
    if (InMaintenance(snapshot) || InMaintenance(snapshot, replica)) continue;
    if (snapshot.Of(replica).replication.own_account || !IsInService(snapshot, replica)) continue;
    if (!HasAccountOf(snapshot, group.primary, replica) || IsLockedOut(snapshot, replica)) continue;
    if (!IsInPlace(snapshot, replica)) continue;
    // One at a time: commits wait for what connects anew.
    return FollowPrimary(snapshot, replica, snapshot.Of(replica).semi_sync.replica_enabled);
  }
  return {};
}

}  // namespace weft::controller
