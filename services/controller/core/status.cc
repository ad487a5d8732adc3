#include "absl/strings/str_cat.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/told.h"

namespace weft::controller {
namespace {

bool IsLostToTheMonitors(const Snapshot& snapshot, const ServerUuid& server) {
  const auto found = snapshot.reports.find(server);
  return found != snapshot.reports.end() && 2 * found->second.unreachable > found->second.observers;
}

SetStatus StatusStep(const ServerUuid& server, ServerStatus status) {
  return SetStatus{.server = server, .status = status, .set_aside = "", .errant = ""};
}

// It replicates and applies, and stays FAULTY for no other reason than that it was away.
bool HasRejoined(const Snapshot& snapshot, const ServerUuid& server) {
  const Replication& replication = snapshot.Of(server).replication;
  return ReceivesFrom(snapshot, server, snapshot.group.primary) &&
         replication.receiver == ThreadState::kOn && replication.applier_running;
}

// Nothing was written to it since its reign: it was never taken back, and it is closed to writes.
bool IsOfItsReign(const Server& record, const Observation& seen) {
  return record.status == ServerStatus::kFaulty && record.set_aside.empty() &&
         !seen.replication.configured && IsFenced(seen);
}

std::vector<Step> SetAside(const Server& record, const Observation& seen, const GtidSet& errant) {
  SetStatus aside = StatusStep(record.uuid, ServerStatus::kFaulty);
  aside.set_aside = absl::StrCat(
      "errant: it has ", errant.Count(), errant.Count() == 1 ? " transaction" : " transactions",
      " that the group does not know", IsOfItsReign(record, seen) ? ", " : "",
      IsOfItsReign(record, seen) ? kOfItsReign : "");
  aside.errant = errant.ToString();
  if (record.status == aside.status && record.errant == aside.errant) return {};
  return {aside};
}

std::vector<Step> CorrectOne(const Snapshot& snapshot, const Server& record) {
  const Observation& seen = snapshot.Of(record.uuid);
  if (!seen.reached()) {
    const bool lost = snapshot.group.active && record.status == ServerStatus::kSecondary &&
                      seen.contact == Contact::kUnreachable &&
                      IsLostToTheMonitors(snapshot, record.uuid);
    if (!lost) return {};
    return {StatusStep(record.uuid, ServerStatus::kFaulty)};
  }
  const GtidSet errant = Errant(snapshot, record.uuid);
  if (!errant.Empty()) return SetAside(record, seen, errant);  // guard: rule 6
  if (!record.set_aside.empty()) return {};                    // guard: rule 9
  if (NeedsRebuild(snapshot, record.uuid)) {
    const GtidSet& purged = snapshot.Of(snapshot.group.primary).purged;
    const uint64_t lacks = purged.Minus(seen.Held()).Count();
    SetStatus aside = StatusStep(record.uuid, ServerStatus::kFaulty);
    aside.set_aside = absl::StrCat("needs rebuild: it lacks ", lacks,
                                   " transactions that the primary has purged");
    return {aside};
  }
  if (record.status != ServerStatus::kFaulty || !snapshot.group.active) return {};
  if (!HasRejoined(snapshot, record.uuid)) return {};  // guard: rule 9
  return {StatusStep(record.uuid, ServerStatus::kSecondary)};
}

}  // namespace

std::vector<Step> CorrectStatus(const Snapshot& snapshot) {
  for (const Server& server : snapshot.group.servers) {
    if (server.uuid == snapshot.group.primary) continue;
    if (server.status == ServerStatus::kConfiguring) continue;
    std::vector<Step> steps = CorrectOne(snapshot, server);
    if (!steps.empty()) return steps;
  }
  return {};
}

}  // namespace weft::controller
