#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/finding_rows.h"
#include "services/controller/core/guards.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

using Emit = FindingRow::Emit;

std::string Because(const std::string& user, const std::string& reason) {
  return absl::StrCat(user.empty() ? "" : absl::StrCat(" by ", user),
                      reason.empty() ? "" : absl::StrCat(": ", reason));
}

void IsRestored(const Snapshot& snapshot, const Emit& emit) {
  if (!snapshot.group.restored) return;
  const Plan next = DecideRestored(snapshot);
  if (!next.refusal.has_value()) return;  // about to be confirmed
  emit(ServerUuid(), absl::StrCat("NOTHING IS DONE TO THIS GROUP: ", next.refusal->message),
       next.refusal->next_step);
}

void FailoverOff(const Snapshot& snapshot, const Emit& emit) {
  const FailoverSwitch& failover = snapshot.group.failover_switch;
  if (failover.enabled) return;
  emit(ServerUuid(),
       absl::StrCat("AUTOMATIC FAILOVER IS OFF in the whole node",
                    Because(failover.user, failover.reason)),
       "weft manage failover on");
}

void FailoverDisabled(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  if (group.settings.failover_enabled) return;
  emit(ServerUuid(), "AUTOMATIC FAILOVER OF THIS GROUP IS OFF",
       absl::StrCat("weft group set ", group.id, " failover_enabled=true"));
}

void Windows(const Snapshot& snapshot, const Emit& emit) {
  const Group& group = snapshot.group;
  for (const auto& [server, left] : snapshot.maintenance) {
    const auto window = group.settings.maintenance.find(server);
    if (window == group.settings.maintenance.end()) continue;
    const absl::StatusOr<ServerUuid> uuid = ServerUuid::Parse(server);
    const ServerUuid of = uuid.ok() ? *uuid : ServerUuid();
    emit(of,
         absl::StrCat("maintenance of ", of.empty() ? "the group" : NameOf(group, of), " for ",
                      DurationText(left), " more",
                      Because(window->second.user, window->second.reason),
                      ": nothing is done unasked, and what is found alarms nobody"),
         absl::StrCat("weft group maintenance ", group.id, " --end",
                      of.empty() ? "" : absl::StrCat(" --server ", NameOf(group, of))));
  }
}

void CoolsDown(const Snapshot& snapshot, const Emit& emit) {
  if (snapshot.cool_down <= absl::ZeroDuration()) return;
  emit(ServerUuid(),
       absl::StrCat("the last failover (epoch ", snapshot.group.last_failover.epoch,
                    ") was a short time ago: no second one unasked for ",
                    DurationText(snapshot.cool_down), " more"),
       absl::StrCat("weft group acknowledge ", snapshot.group.id));
}

void HookForbade(const Snapshot& snapshot, const Emit& emit) {
  const HookRecord& hooks = snapshot.group.hooks;
  if (snapshot.hook_rest <= absl::ZeroDuration()) return;
  for (const auto& [occasion, outcome] : hooks.outcomes) {
    if (!absl::StartsWith(outcome, kHookAborted)) continue;
    emit(
        ServerUuid(),
        absl::StrCat("the program for ", occasion, " forbade the last change of primary: ", outcome,
                     "; it is not asked again unasked for ", DurationText(snapshot.hook_rest)),
        "see the program's log");
  }
}

void TooFarBehind(const Snapshot& snapshot, const Emit& emit) {
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (!IsTooFarBehind(snapshot, server)) continue;
    emit(server,
         absl::StrCat(NameOf(snapshot.group, server), " is ",
                      DurationText(snapshot.lags.at(server)), " behind, more than max_lag (",
                      DurationText(*snapshot.group.settings.max_lag), ")"),
         "see what it applies, or set another max_lag");
  }
}

constexpr FindingRow kRows[] = {
    {"RESTORED", Severity::kCritical, IsRestored},
    {"FAILOVER_OFF", Severity::kWarning, FailoverOff},
    {"FAILOVER_DISABLED", Severity::kWarning, FailoverDisabled},
    {"MAINTENANCE", Severity::kInfo, Windows},
    {"HOOK_ABORTED", Severity::kWarning, HookForbade},
    {"COOL_DOWN", Severity::kInfo, CoolsDown},
    {"REPLICA_TOO_FAR_BEHIND", Severity::kWarning, TooFarBehind},
};

}  // namespace

absl::Span<const FindingRow> GuardFindings() { return kRows; }

}  // namespace weft::controller
