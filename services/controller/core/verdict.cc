#include "services/controller/core/verdict.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/duration_text.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

// Replicas that still hear from the primary. Not a service state but an age: the receiver of a hung
// source stays "on". One whose connection broke has nothing to hear by (rule 7).
std::vector<std::string> StillHearing(const Snapshot& snapshot) {
  std::vector<std::string> hearing;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const Replication& replication = snapshot.Of(server).replication;
    if (!PointsAt(snapshot, server, snapshot.group.primary)) continue;
    if (replication.receiver != ThreadState::kOn) continue;
    if (!replication.heard_ago.has_value()) {
      hearing.push_back(absl::StrCat(NameOf(snapshot.group, server), " receives from it"));
    } else if (*replication.heard_ago < snapshot.heard_threshold) {
      hearing.push_back(absl::StrCat(NameOf(snapshot.group, server), " heard from it ",
                                     DurationText(*replication.heard_ago), " ago"));
    }
  }
  return hearing;
}

Verdict Uncertain(const std::string& evidence) {
  return Verdict{.state = PrimaryState::kUncertain, .evidence = evidence};
}

}  // namespace

Verdict Judge(const Snapshot& snapshot, bool ask_monitors) {
  const Group& group = snapshot.group;
  if (group.primary.empty()) return Verdict{.state = PrimaryState::kNone, .evidence = "no primary"};
  const std::string name = NameOf(group, group.primary);
  const Observation& primary = snapshot.Of(group.primary);
  if (primary.reached()) {  // guard: rule 7
    return Verdict{.state = PrimaryState::kAlive, .evidence = absl::StrCat(name, " answers")};
  }
  const std::string silence =
      absl::StrCat(name, " does not answer the controller: ", primary.error);
  if (primary.contact == Contact::kRejected) {  // guard: rule 7
    return Uncertain(
        absl::StrCat(name, " is alive but does not let the controller in: ", primary.error));
  }
  const std::vector<std::string> hearing = StillHearing(snapshot);
  if (!hearing.empty()) {  // guard: rule 7
    return Uncertain(absl::StrCat(silence, "; but ", absl::StrJoin(hearing, ", ")));
  }
  const auto found = snapshot.reports.find(group.primary);
  const Report report = found == snapshot.reports.end() ? Report() : found->second;
  if (ask_monitors && 2 * report.unreachable <= report.observers) {  // guard: rule 7
    return Uncertain(report.observers == 0
                         ? absl::StrCat(silence, "; but no monitor reports on it")
                         : absl::StrCat(silence, "; but only ", report.unreachable, " of ",
                                        report.observers, " monitors lost it"));
  }
  return Verdict{
      .state = PrimaryState::kDead,
      .evidence = absl::StrCat(silence, "; ", report.unreachable, " of ", report.observers,
                               " monitors lost it; no replica hears from it")};
}

}  // namespace weft::controller
