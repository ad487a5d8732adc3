#include "services/controller/core/verdict.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/duration_text.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

// Why a replica that has heard nothing for longer than Weft's own would is still believed.
std::string Seldom(const Snapshot& snapshot, const ServerUuid& replica) {
  if (HearingPatience(snapshot, replica) == snapshot.heard_threshold) return "";
  const absl::Duration period = *snapshot.Of(replica).replication.heartbeat_period;
  if (period == absl::InfiniteDuration()) return " and gets no heartbeats";
  return absl::StrCat(" and gets a heartbeat every ", DurationText(period), " alone");
}

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
    } else if (*replication.heard_ago < HearingPatience(snapshot, server)) {  // guard: rule 7
      hearing.push_back(absl::StrCat(NameOf(snapshot.group, server), " heard from it ",
                                     DurationText(*replication.heard_ago), " ago",
                                     Seldom(snapshot, server)));
    }
  }
  return hearing;
}

// Why `server` has no say on whether the primary lives; empty: it would hear from it. One that
// connects, or will in a second, tells more soon.
std::string WhyItCannotTell(const Snapshot& snapshot, const ServerUuid& server) {
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) return "does not answer";
  if (seen.replication.receiver != ThreadState::kConnecting) return "";
  if (seen.replication.login_refused) return "is turned away by it";
  return seen.replication.first_attempt ? "connects for the first time" : "";
}

// Each of the servers whose word on the primary is missing, and why, when none of the others has a
// say either. One that is FAULTY may be so because nobody heard of it for a while; one that was set
// aside follows nobody.
std::vector<std::string> SilentWitnesses(const Snapshot& snapshot) {
  std::vector<std::string> silent;
  for (const Server& server : snapshot.group.servers) {
    if (server.uuid == snapshot.group.primary || !server.set_aside.empty()) continue;
    if (server.status == ServerStatus::kConfiguring) continue;  // proof: rule 7
    const std::string why = WhyItCannotTell(snapshot, server.uuid);
    if (why.empty()) return {};  // proof: rule 7
    silent.push_back(absl::StrCat(NameOf(snapshot.group, server.uuid), " ", why));
  }
  return silent;
}

Verdict Uncertain(const std::string& evidence) {
  return Verdict{.state = PrimaryState::kUncertain, .evidence = evidence};
}

// "2 of 3 monitors lost it, from the zones north, south".
std::string Votes(const Report& report) {
  std::string text =
      absl::StrCat(report.unreachable, " of ", report.observers, " monitors lost it");
  if (report.zones.size() > 1 && !report.lost_in.empty()) {
    std::vector<std::string> zones;
    for (const std::string& zone : report.lost_in) zones.push_back(zone.empty() ? "none" : zone);
    absl::StrAppend(&text, ", from the ", zones.size() == 1 ? "zone " : "zones ",
                    absl::StrJoin(zones, ", "));
  }
  if (report.blind > 0) absl::StrAppend(&text, "; ", report.blind, " more reach no server at all");
  return text;
}

}  // namespace

bool QuorumLost(const Report& report) {
  if (2 * report.unreachable <= report.observers) return false;            // guard: rule 7
  if (report.zones.size() > 1 && report.lost_in.size() < 2) return false;  // guard: rule 7
  return true;
}

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
  const std::vector<std::string> silent = SilentWitnesses(snapshot);
  if (!silent.empty() && !primary.refused) {  // guard: rule 7
    return Uncertain(
        absl::StrCat(silence, "; but no replica can tell: ", absl::StrJoin(silent, ", ")));
  }
  const auto found = snapshot.reports.find(group.primary);
  const Report report = found == snapshot.reports.end() ? Report() : found->second;
  if (ask_monitors && !QuorumLost(report)) {  // guard: rule 7
    const std::string votes = report.observers == 0 && report.blind == 0
                                  ? "no monitor reports on it"
                                  : absl::StrCat("only ", Votes(report));
    return Uncertain(absl::StrCat(silence, "; but ", votes));
  }
  return Verdict{.state = PrimaryState::kDead,
                 .evidence = absl::StrCat(
                     silence, "; ", Votes(report),
                     silent.empty() ? "; no replica hears from it" : "; no replica answers")};
}

}  // namespace weft::controller
