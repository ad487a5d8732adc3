#include "services/controller/core/rejoin.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"

namespace weft::controller {
namespace {

bool IsReady(const Snapshot& snapshot, const Server& record) {
  const Observation& seen = snapshot.Of(record.uuid);
  if (record.status != ServerStatus::kFaulty || record.set_aside.empty()) return false;
  if (!absl::StrContains(record.set_aside, kSavedAsSql)) return false;  // guard: rule 6
  if (!seen.reached() || !IsFenced(seen) || seen.replication.configured) return false;
  if (InMaintenance(snapshot, record.uuid)) return false;
  const GtidSet errant = Errant(snapshot, record.uuid);
  return !errant.Empty() && errant.ToString() == record.errant;
}

// Where a rewind alone is wanted, or it may be rebuilt, too.
bool WasTried(const Server& record, RejoinPolicy how) {
  const bool last = how == RejoinPolicy::kRewind;
  return absl::StrContains(record.set_aside, last ? kRewindFailed : kRebuildFailed);
}

}  // namespace

std::string AfterFailure(absl::string_view set_aside, absl::string_view what,
                         absl::string_view message) {
  for (const absl::string_view earlier : {kRewindFailed, kRebuildFailed}) {
    set_aside = set_aside.substr(0, set_aside.find(earlier));
  }
  absl::ConsumeSuffix(&set_aside, "; ");
  return absl::StrCat(set_aside, set_aside.empty() ? "" : "; ", what, message);
}

std::vector<RejoinDue> RejoinsDue(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  // What a restored record does not know may be the group's own writes.
  if (group.restored) return {};  // guard: rule 6
  if (!group.active || group.intent.goal != Goal::kKeep || InMaintenance(snapshot)) return {};
  const Observation& primary = snapshot.Of(group.primary);
  if (group.primary.empty() || !primary.reached() || !IsOpen(primary)) return {};
  std::vector<RejoinDue> due;
  for (const Server& server : group.servers) {
    if (server.uuid == group.primary || !IsReady(snapshot, server)) continue;
    RejoinPolicy how = group.settings.rejoin;
    if (absl::StrContains(server.set_aside, kHeartbeatsAlone)) how = RejoinPolicy::kRewind;
    if (how == RejoinPolicy::kManual) continue;  // guard: rule 9
    if (WasTried(server, how)) continue;
    due.push_back({server.uuid, how});
  }
  return due;
}

}  // namespace weft::controller
