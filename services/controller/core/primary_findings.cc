#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/candidate.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/finding_rows.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"
#include "services/controller/core/sick.h"
#include "services/controller/core/strangers.h"
#include "services/controller/core/verdict.h"

namespace weft::controller {
namespace {

using Emit = FindingRow::Emit;

const Observation& PrimaryOf(const Snapshot& snapshot) {
  return snapshot.Of(snapshot.group.primary);
}

std::string PrimaryName(const Snapshot& snapshot) {
  return NameOf(snapshot.group, snapshot.group.primary);
}

// Monitors watch active groups only: of another the controller's own look is all there is, and all
// that a person who asks for a promotion would need.
Verdict VerdictOf(const Snapshot& snapshot) {
  return Judge(snapshot, /*ask_monitors=*/snapshot.group.active);
}

void PrimaryDead(const Snapshot& snapshot, const Emit& emit) {
  const Verdict verdict = VerdictOf(snapshot);
  if (verdict.state != PrimaryState::kDead) return;
  emit(snapshot.group.primary, absl::StrCat("the primary is dead: ", verdict.evidence),
       snapshot.group.active
           ? ""
           : absl::StrCat("weft group promote ", snapshot.group.id, " (the group is not active)"));
}

void PrimaryUncertain(const Snapshot& snapshot, const Emit& emit) {
  const Verdict verdict = VerdictOf(snapshot);
  if (verdict.state != PrimaryState::kUncertain) return;
  emit(snapshot.group.primary,
       absl::StrCat("expected the primary to answer or to be dead, found: ", verdict.evidence),
       "see that the controller and the monitors reach it");
}

// What a monitor is told by a server that has no connection left.
constexpr absl::string_view kTooManyConnections = "[MySQL error 1040]";

const Report& PrimaryReport(const Snapshot& snapshot) {
  static const Report& none = *new Report();
  const auto found = snapshot.reports.find(snapshot.group.primary);
  return found == snapshot.reports.end() ? none : found->second;
}

void PrimarySickens(const Snapshot& snapshot, const Emit& emit) {
  const Sickness sickness = JudgeHealth(snapshot);
  if (sickness.health != Health::kSick) return;
  emit(snapshot.group.primary,
       absl::StrCat("expected the primary to commit, found: ", sickness.evidence),
       ReplacesSick(snapshot.group)
           ? ""
           : absl::StrCat("look at its disk and its locks; weft group promote ", snapshot.group.id,
                          " replaces it, weft group set ", snapshot.group.id,
                          " primary_sick=failover lets Weft do so"));
}

void PrimaryDiskFull(const Snapshot& snapshot, const Emit& emit) {
  const Report& report = PrimaryReport(snapshot);
  if (report.write_failing == 0 || !SpeaksOfFullDisk(report.write_error)) return;
  emit(snapshot.group.primary,
       absl::StrCat("the primary ", PrimaryName(snapshot),
                    " has no room left on a disk: ", report.write_error),
       absl::StrCat("make room there, or weft group promote ", snapshot.group.id));
}

void PrimarySuspected(const Snapshot& snapshot, const Emit& emit) {
  const Sickness sickness = JudgeHealth(snapshot);
  if (sickness.health != Health::kSuspected) return;
  emit(snapshot.group.primary,
       absl::StrCat("the primary may be unable to commit: ", sickness.evidence),
       "see that two monitors at least can write their heartbeats");
}

void ConnectionsExhausted(const Snapshot& snapshot, const Emit& emit) {
  const Report& report = PrimaryReport(snapshot);
  const Observation& primary = PrimaryOf(snapshot);
  const bool told = primary.contact == Contact::kRejected && !primary.reached() &&
                    absl::StrContains(primary.error, kTooManyConnections);
  if (!told && !absl::StrContains(report.reject_error, kTooManyConnections)) return;
  emit(snapshot.group.primary,
       absl::StrCat("the primary ", PrimaryName(snapshot), " has no connection left",
                    report.observers > 0 ? absl::StrCat(": it lets ", report.rejected, " of ",
                                                        report.observers, " monitors not in")
                                         : ""),
       "end sessions of clients there, or raise max_connections");
}

// Clients reach the primary, and no replica does.
void ReplicationCut(const Snapshot& snapshot, const Emit& emit) {
  const std::vector<ServerUuid> cut = CutOffReplicas(snapshot);
  if (cut.empty()) return;
  emit(snapshot.group.primary,
       absl::StrCat("the primary ", PrimaryName(snapshot),
                    " answers, but no replica hears from it: ", NamesOf(snapshot.group, cut),
                    IsLosslessEpoch(snapshot.group) ? "; commits wait" : "; they fall behind"),
       "mend the network between them, or promote one of them");
}

// Commits wait for one server alone, and it is far behind in applying them.
void SoleAcknowledgerLags(const Snapshot& snapshot, const Emit& emit) {
  constexpr absl::Duration kFar = absl::Seconds(10);
  const Group& group = snapshot.group;
  if (!IsLosslessEpoch(group) || CountAcknowledging(snapshot) != 1) return;
  for (const ServerUuid& server : group.acknowledgers.servers) {
    const Replication& replication = snapshot.Of(server).replication;
    if (!AcknowledgesNow(snapshot, server) || replication.lag < kFar) continue;
    emit(server,
         absl::StrCat("the only acknowledger ", NameOf(group, server), " is ",
                      DurationText(replication.lag),
                      " behind in applying: a failover would take as long"),
         "bring another secondary back, or give this one less to do");
  }
}

void NoSuccessor(const Snapshot& snapshot, const Emit& emit) {
  if (snapshot.group.primary.empty()) return;
  const std::optional<Refusal> refusal = RefuseFailover(snapshot);
  if (!refusal.has_value()) return;
  const char* when = PrimaryOf(snapshot).reached() ? "a failover now would be refused: "
                                                   : "a failover is refused: ";
  emit(ServerUuid(), absl::StrCat(when, refusal->reason, ": ", refusal->message),
       refusal->next_step);
}

void PrimaryClosed(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (!PrimaryOf(snapshot).reached() || IsOpen(PrimaryOf(snapshot))) return;
  emit(group.primary,
       absl::StrCat("expected the primary ", PrimaryName(snapshot), " to accept writes, found it ",
                    IsCutOff(PrimaryOf(snapshot)) ? "in offline_mode" : "read-only"),
       group.active
           ? ""
           : absl::StrCat("weft group promote ", group.id, ", or weft group activate ", group.id));
}

void PrimaryReplicates(const Snapshot& snapshot, const Emit& emit) {
  const Observation& primary = PrimaryOf(snapshot);
  if (!primary.reached() || !primary.replication.configured) return;
  emit(snapshot.group.primary,
       absl::StrCat("expected the primary ", PrimaryName(snapshot), " to replicate from nobody, ",
                    "found ", primary.replication.source.ToString()),
       "");
}

void CommitsBlocked(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (!PrimaryOf(snapshot).reached() || !IsLosslessEpoch(group)) return;
  const int needed = static_cast<int>(WaitFor(group));
  const int acknowledging = CountAcknowledging(snapshot);
  if (acknowledging >= needed) {
    const bool stand = WritesFail(snapshot) && snapshot.still_for >= snapshot.sick_after;
    if (!stand || CountAbreast(snapshot) >= needed) return;
    emit(ServerUuid(),
         absl::StrCat("commits wait: of ", acknowledging, " servers that acknowledge, ",
                      acknowledging - CountAbreast(snapshot), " first receive what is before them"),
         "bring another acknowledger back, or give these less to do");
    return;
  }
  emit(ServerUuid(),
       absl::StrCat("commits wait: expected ", WaitFor(group),
                    " servers to acknowledge them, found ", acknowledging, "; ",
                    PrimaryOf(snapshot).semi_sync.source_waiting, " wait now"),
       MayContinueAlone(group)
           ? "they go on without once the primary, too, has heard nobody for a while "
             "(on_last_acknowledger_lost is continue)"
           : "start the missing acknowledgers, or set the group's durability to async");
}

void FellBack(const Snapshot& snapshot, const Emit& emit) {
  const Observation& primary = PrimaryOf(snapshot);
  if (!IsLosslessEpoch(snapshot.group) || !primary.reached()) return;
  if (!primary.semi_sync.source_enabled || primary.semi_sync.source_active) return;
  emit(snapshot.group.primary,
       absl::StrCat("expected commits on ", PrimaryName(snapshot),
                    " to wait for acknowledgements, found semi-sync fallen back to asynchronous"),
       "see whether somebody set a timeout or wait_no_replica=OFF");
}

void NotArmed(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  const Observation& primary = PrimaryOf(snapshot);
  if (!IsLosslessEpoch(group) || !primary.reached() || IsArmed(primary, WaitFor(group))) return;
  emit(group.primary,
       absl::StrCat("expected commits on ", PrimaryName(snapshot), " to wait for ", WaitFor(group),
                    " acknowledgements without end, found semi-sync ",
                    primary.semi_sync.source_enabled
                        ? absl::StrCat("waiting for ", primary.semi_sync.source_wait_for,
                                       primary.semi_sync.source_endless ? "" : " for a time")
                        : "off"),
       "");
}

void StrangerAcknowledges(const Snapshot& snapshot, const Emit& emit) {
  if (!snapshot.strangers.has_value() || !IsLosslessEpoch(snapshot.group)) return;
  emit(snapshot.group.primary,
       absl::StrCat("a failover could lose commits that only a server outside of the acknowledger "
                    "set has acknowledged: ",
                    StrangersText(snapshot, *snapshot.strangers)),
       "on that server set rpl_semi_sync_replica_enabled = OFF and restart its receiver, or add it "
       "to the group");
}

void NotLossless(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (group.durability != Durability::kLossless || !PrimaryOf(snapshot).reached()) return;
  if (IsLosslessEpoch(group)) return;
  const bool can = PrimaryOf(snapshot).can_semi_sync;
  if (can && MayContinueAlone(group)) return;  // ContinuesAlone tells
  emit(ServerUuid(),
       can ? "the policy is lossless, but no secondary has caught up yet: replication is "
             "asynchronous until then"
           : absl::StrCat("the policy is lossless, but ", PrimaryName(snapshot), " (",
                          PrimaryOf(snapshot).version, ") can only replicate asynchronously"),
       can ? "add a secondary, or wait for one to catch up" : "use MySQL 5.7 or later");
}

void ContinuesAlone(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  const Observation& primary = PrimaryOf(snapshot);
  if (!MayContinueAlone(group) || IsLosslessEpoch(group)) return;
  if (!primary.reached() || !primary.can_semi_sync) return;
  emit(group.primary,
       absl::StrCat("commits on ", PrimaryName(snapshot),
                    " need no acknowledgement until a secondary has caught up: its death would "
                    "lose them, and a failover is refused"),
       "bring a secondary back, or set on_last_acknowledger_lost=wait");
}

void SharedAccount(const Snapshot& snapshot, const Emit& emit) {
  const Observation& primary = PrimaryOf(snapshot);
  if (!MayBeLossless(snapshot) || primary.no_accounts_because.empty()) return;
  emit(snapshot.group.primary,
       absl::StrCat("replicas of ", PrimaryName(snapshot),
                    " share an account, so that one which hangs cannot be locked out and stays "
                    "among the acknowledgers: ",
                    primary.no_accounts_because),
       "docs/accounts.md has the grant");
}

void MayStartWritable(const Snapshot& snapshot, const Emit& emit) {
  const Observation& primary = PrimaryOf(snapshot);
  if (!primary.may_start_writable || primary.no_closed_start_because.empty()) return;
  emit(snapshot.group.primary,
       absl::StrCat("expected the primary ", PrimaryName(snapshot),
                    " to refuse writes after a crash until Weft opens it, found that only its "
                    "option file could say so: ",
                    primary.no_closed_start_because),
       "see that its option file has super_read_only=ON (before 5.7.8 read_only=ON)");
}

void FewAcknowledgers(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (!IsLosslessEpoch(group) || group.acknowledgers.servers.size() > WaitFor(group)) return;
  const std::vector<ServerUuid> servers(group.acknowledgers.servers.begin(),
                                        group.acknowledgers.servers.end());
  emit(ServerUuid(),
       absl::StrCat("writes stop when one more acknowledger stops: there are only ",
                    NamesOf(group, servers)),
       "add a secondary, or bring one back");
}

void MayStillAcceptWrites(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (group.durability == Durability::kLossless || group.history.size() < 2) return;
  const ServerUuid& old = group.history[group.history.size() - 2].primary;
  if (old.empty() || old == group.primary || group.Find(old) == nullptr) return;
  if (snapshot.Of(old).reached() || StatusOf(group, old) != ServerStatus::kFaulty) return;
  if (WasFencedForCertain(group))
    return;  // design, section 4: the external fence confirmed it dead
  emit(old,
       absl::StrCat("the old primary ", NameOf(group, old),
                    " was not reached when it was replaced and may still accept writes"),
       "stop it, or let the controller reach it");
}

void MustNotLead(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  const Server* record = group.Find(group.primary);
  if (record == nullptr || record->promotion_rule != PromotionRule::kMustNot) return;
  emit(group.primary,
       absl::StrCat("the promotion rule of the primary ", PrimaryName(snapshot),
                    " is MUST_NOT: it stays the primary until another is promoted"),
       absl::StrCat("weft group promote ", group.id));
}

void NoPrimary(const Snapshot& snapshot, const Emit& emit) {
  if (!snapshot.group.primary.empty()) return;
  emit(ServerUuid(), "the group has no primary: nothing accepts writes",
       absl::StrCat("weft group promote ", snapshot.group.id));
}

void Inactive(const Snapshot& snapshot, const Emit& emit) {
  if (snapshot.group.active) return;
  emit(ServerUuid(), "the group is not active: failures are not repaired without being asked",
       absl::StrCat("weft group activate ", snapshot.group.id));
}

void NoMonitor(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (!group.active || group.primary.empty()) return;
  const auto found = snapshot.reports.find(group.primary);
  if (found != snapshot.reports.end() && found->second.observers > 0) return;
  emit(group.primary,
       absl::StrCat("no monitor reports on the primary ", PrimaryName(snapshot),
                    ": its death would not be acted on"),
       "start weft-monitor and see that it reaches the controllers");
}

constexpr FindingRow kRows[] = {
    {"PRIMARY_DEAD", Severity::kCritical, PrimaryDead},
    {"PRIMARY_UNCERTAIN", Severity::kCritical, PrimaryUncertain},
    {"PRIMARY_READ_ONLY", Severity::kCritical, PrimaryClosed},
    {"COMMITS_WAIT", Severity::kCritical, CommitsBlocked},
    {"PRIMARY_SICK", Severity::kCritical, PrimarySickens},
    {"PRIMARY_DISK_FULL", Severity::kCritical, PrimaryDiskFull},
    {"PRIMARY_SUSPECTED", Severity::kWarning, PrimarySuspected},
    {"CONNECTIONS_EXHAUSTED", Severity::kCritical, ConnectionsExhausted},
    {"REPLICATION_CUT", Severity::kCritical, ReplicationCut},
    {"SOLE_ACKNOWLEDGER_LAGS", Severity::kWarning, SoleAcknowledgerLags},
    {"NO_SUCCESSOR", Severity::kWarning, NoSuccessor},
    {"PRIMARY_REPLICATES", Severity::kWarning, PrimaryReplicates},
    {"SEMI_SYNC_FELL_BACK", Severity::kCritical, FellBack},
    {"SEMI_SYNC_NOT_ARMED", Severity::kWarning, NotArmed},
    {"UNKNOWN_ACKNOWLEDGER", Severity::kCritical, StrangerAcknowledges},
    {"CONTINUES_ALONE", Severity::kCritical, ContinuesAlone},
    {"NOT_LOSSLESS", Severity::kWarning, NotLossless},
    {"OLD_PRIMARY_MAY_ACCEPT_WRITES", Severity::kCritical, MayStillAcceptWrites},
    {"SHARED_ACCOUNT", Severity::kInfo, SharedAccount},
    {"STARTS_WRITABLE", Severity::kInfo, MayStartWritable},
    {"FEW_ACKNOWLEDGERS", Severity::kInfo, FewAcknowledgers},
    {"PRIMARY_MUST_NOT", Severity::kInfo, MustNotLead},
    {"NO_PRIMARY", Severity::kWarning, NoPrimary},
    {"NOT_ACTIVE", Severity::kInfo, Inactive},
    {"NO_MONITOR", Severity::kWarning, NoMonitor},
};

}  // namespace

absl::Span<const FindingRow> PrimaryFindings() { return kRows; }

}  // namespace weft::controller
