#include "services/controller/core/sick.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

// What a monitor is told by a server that has no connection left.
constexpr absl::string_view kTooManyConnections = "[MySQL error 1040]";

const Report& ReportOnPrimary(const Snapshot& snapshot) {
  static const Report& none = *new Report();
  const auto found = snapshot.reports.find(snapshot.group.primary);
  return found == snapshot.reports.end() ? none : found->second;
}

}  // namespace

bool WritesFail(const Snapshot& snapshot) {
  const Report& report = ReportOnPrimary(snapshot);
  if (report.write_failing < 2) return false;                    // guard: rule 7
  if (2 * report.write_failing <= report.writers) return false;  // guard: rule 7
  return true;
}

bool EnoughAreAbreast(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  return !IsLosslessEpoch(group) || CountAbreast(snapshot) >= static_cast<int>(WaitFor(group));
}

Sickness JudgeHealth(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Observation& primary = snapshot.Of(group.primary);
  const Report& report = ReportOnPrimary(snapshot);
  if (group.primary.empty() || report.write_failing == 0) return Sickness();
  if (!IsOpen(primary)) return Sickness();  // guard: rule 7
  const bool acknowledged = EnoughAreAbreast(snapshot);
  const bool is_cut_off = !CutOffReplicas(snapshot).empty();
  if (!acknowledged && !is_cut_off) return Sickness();  // guard: rule 7
  Sickness sickness{
      .health = Health::kSick,
      .is_cut_off = is_cut_off,
      .evidence = absl::StrCat(
          NameOf(group, group.primary), " answers, but the writes of ", report.write_failing,
          " of ", report.writers, " monitors fail",
          report.write_error.empty() ? ": they wait" : absl::StrCat(": ", report.write_error),
          is_cut_off ? ", for its replicas hear nothing from it" : "")};
  if (!WritesFail(snapshot)) sickness.health = Health::kSuspected;  // guard: rule 7
  // Whoever executes transactions commits them: then the probes fail for another reason.
  if (snapshot.still_for < snapshot.sick_after) {  // guard: rule 7
    sickness.health = Health::kSuspected;
  }
  // Who has just caught up may be about to acknowledge what waits.
  if (!is_cut_off && snapshot.abreast_for < snapshot.sick_after) {  // guard: rule 7
    sickness.health = Health::kSuspected;
  }
  return sickness;
}

std::vector<ServerUuid> CutOffReplicas(const Snapshot& snapshot) {
  const ServerUuid& primary = snapshot.group.primary;
  std::vector<ServerUuid> cut;
  if (!IsOpen(snapshot.Of(primary))) return cut;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (StatusOf(snapshot.group, server) != ServerStatus::kSecondary) continue;
    const Replication& replication = snapshot.Of(server).replication;
    if (!ReceivesFrom(snapshot, server, primary)) continue;
    const bool hears = replication.receiver == ThreadState::kOn &&
                       replication.heard_ago.value_or(absl::ZeroDuration()) <
                           std::max(HearingPatience(snapshot, server), snapshot.sick_after);
    if (hears) return {};  // guard: rule 7
    cut.push_back(server);
  }
  return cut;
}

bool IsCrowded(const Snapshot& snapshot) {
  const Report& report = ReportOnPrimary(snapshot);
  if (!absl::StrContains(report.reject_error, kTooManyConnections)) return false;  // guard: rule 7
  if (report.rejected < 2) return false;                                           // guard: rule 7
  return 2 * report.rejected > report.observers;
}

bool HandsOverSick(const Group& group) {
  if (group.settings.primary_sick != PrimarySick::kFailover) return false;  // guard: rule 7
  if (!group.active) return false;                                          // guard: rule 7
  return true;
}

bool ReplacesSick(const Group& group) {
  if (!HandsOverSick(group)) return false;    // guard: rule 7
  if (!IsLosslessEpoch(group)) return false;  // guard: rule 2
  return true;
}

Snapshot WithoutPrimary(Snapshot snapshot) {
  Observation& primary = snapshot.seen[snapshot.group.primary];
  const std::string error = JudgeHealth(snapshot).evidence;
  primary = Observation();
  primary.error = error.empty() ? "its writes fail" : error;
  return snapshot;
}

}  // namespace weft::controller
