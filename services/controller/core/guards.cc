#include "services/controller/core/guards.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

// Of what is done: nothing waits for these.
constexpr const char* kAfter[] = {"after_failover", "after_switchover"};

// Of which the record says that it runs, told of the last change of primary; nullptr: of none.
const char* ToldNow(const Group& group) {
  if (group.hooks.epoch != group.epoch) return nullptr;  // another change came after it
  for (const char* occasion : kAfter) {
    const auto found = group.hooks.outcomes.find(occasion);
    if (found != group.hooks.outcomes.end() && found->second == kHookRuns) return occasion;
  }
  return nullptr;
}

std::string WhoAndWhy(const std::string& user, const std::string& reason) {
  return absl::StrCat(user.empty() ? "" : absl::StrCat(" by ", user),
                      reason.empty() ? "" : absl::StrCat(": ", reason));
}

const Maintenance& WindowOf(const Group& group, const std::string& server) {
  static const auto& none = *new Maintenance();
  const auto found = group.settings.maintenance.find(server);
  return found == group.settings.maintenance.end() ? none : found->second;
}

// An empty uuid is the whole group.
bool IsOpenWindow(const Snapshot& snapshot, const ServerUuid& server) {
  return snapshot.maintenance.contains(server.text());
}

Refusal RefuseForMaintenance(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  const Maintenance& window = WindowOf(group, server.text());
  const std::string what =
      server.empty() ? absl::StrCat("group ", group.id) : NameOf(group, server);
  return Refusal{
      .reason = "MAINTENANCE",
      .message = absl::StrCat(what, " is in maintenance for ",
                              DurationText(snapshot.maintenance.at(server.text())), " more",
                              WhoAndWhy(window.user, window.reason), ": nothing is done unasked"),
      .next_step = absl::StrCat(
          "weft group maintenance ", group.id, " --end", server.empty() ? "" : " --server ",
          server.empty() ? "" : NameOf(group, server), ", or weft group promote ", group.id),
      .servers = {}};
}

std::optional<Refusal> RefuseAfterHook(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (snapshot.hook_rest <= absl::ZeroDuration()) return std::nullopt;  // proof: rule 7
  for (const auto& [occasion, outcome] : group.hooks.outcomes) {
    if (!absl::StartsWith(outcome, kHookAborted)) continue;  // proof: rule 7
    // Who would not have a primary hand over was not asked what is to be done when it is lost.
    if (occasion == kBeforeSwitchover && !snapshot.Of(group.primary).reached()) continue;
    return Refusal{
        .reason = "HOOK_ABORTED",
        .message = absl::StrCat("the program for ", occasion, " forbade it (", outcome,
                                "); it is asked again in ", DurationText(snapshot.hook_rest)),
        .next_step = absl::StrCat("see the program's log, or weft group promote ", group.id),
        .servers = {}};
  }
  return std::nullopt;
}

bool AllowsZone(const GroupSettings& settings, const std::string& zone, const std::string& of) {
  if (settings.promotion_zones == "any") return true;
  if (settings.promotion_zones == "same" && zone != of) return false;  // guard: rule 5
  if (settings.promotion_zones == "same") return true;
  const std::vector<std::string> zones = absl::StrSplit(settings.promotion_zones, ',');
  return std::find(zones.begin(), zones.end(), zone) != zones.end();
}

std::string ZoneOf(const Group& group, const ServerUuid& server) {
  const Server* const record = group.Find(server);
  return record == nullptr ? "" : record->zone;
}

std::string ZoneText(const std::string& zone) {
  return zone.empty() ? "no zone" : absl::StrCat("zone ", zone);
}

}  // namespace

bool InMaintenance(const Snapshot& snapshot) { return IsOpenWindow(snapshot, ServerUuid()); }

bool InMaintenance(const Snapshot& snapshot, const ServerUuid& server) {
  return !server.empty() && IsOpenWindow(snapshot, server);
}

std::optional<Refusal> RefuseUnasked(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (!group.failover_switch.enabled) {  // guard: rule 7
    return Refusal{
        .reason = "FAILOVER_OFF",
        .message =
            absl::StrCat("automatic failover is off in the whole node",
                         WhoAndWhy(group.failover_switch.user, group.failover_switch.reason)),
        .next_step = absl::StrCat("weft manage failover on, or weft group promote ", group.id),
        .servers = {}};
  }
  if (!group.settings.failover_enabled) {  // guard: rule 7
    return Refusal{
        .reason = "FAILOVER_DISABLED",
        .message = absl::StrCat("automatic failover of group ", group.id, " is switched off"),
        .next_step = absl::StrCat("weft group set ", group.id,
                                  " failover_enabled=true, or weft group promote ", group.id),
        .servers = {}};
  }
  for (const ServerUuid& of : {ServerUuid(), group.primary}) {
    if (IsOpenWindow(snapshot, of)) return RefuseForMaintenance(snapshot, of);  // guard: rule 7
  }
  std::optional<Refusal> refusal = RefuseAfterHook(snapshot);
  if (refusal.has_value()) return refusal;          // guard: rule 7
  if (snapshot.cool_down > absl::ZeroDuration()) {  // guard: rule 7
    return Refusal{
        .reason = "COOL_DOWN",
        .message = absl::StrCat("the last failover was a short time ago: no second one for ",
                                DurationText(snapshot.cool_down), " more"),
        .next_step =
            absl::StrCat("weft group acknowledge ", group.id, ", or weft group promote ", group.id),
        .servers = {}};
  }
  return std::nullopt;
}

bool IsTooFarBehind(const Snapshot& snapshot, const ServerUuid& server) {
  const std::optional<absl::Duration>& most = snapshot.group.settings.max_lag;
  if (!most.has_value()) return false;
  const auto found = snapshot.lags.find(server);
  return found != snapshot.lags.end() && found->second > *most;
}

std::optional<Refusal> RefuseUnaskedFor(const Snapshot& snapshot, const ServerUuid& server) {
  const Group& group = snapshot.group;
  const auto refuse = [&](std::string reason, const std::string& message, std::string next_step) {
    return Refusal{.reason = std::move(reason),
                   .message = absl::StrCat(NameOf(group, server), " ", message),
                   .next_step = std::move(next_step),
                   .servers = {server}};
  };
  const std::string by_hand =
      absl::StrCat("weft group promote ", group.id, " ", NameOf(group, server));
  if (InMaintenance(snapshot, server)) {  // guard: rule 5
    return refuse("TARGET_IN_MAINTENANCE", "is in maintenance", by_hand);
  }
  const std::string zone = ZoneOf(group, server);
  const std::string of = ZoneOf(group, group.primary);
  if (!group.primary.empty() && !AllowsZone(group.settings, zone, of)) {  // guard: rule 5
    return refuse("TARGET_ZONE",
                  absl::StrCat("stands in ", ZoneText(zone), ", the primary in ", ZoneText(of),
                               "; promotion_zones is ", group.settings.promotion_zones),
                  by_hand);
  }
  if (!IsLosslessEpoch(group) && IsTooFarBehind(snapshot, server)) {  // guard: rule 5
    return refuse("TARGET_LAGS",
                  absl::StrCat("was ", DurationText(snapshot.lags.at(server)),
                               " behind when the primary last answered, more than max_lag (",
                               DurationText(*group.settings.max_lag), ")"),
                  by_hand);
  }
  return std::nullopt;
}

HookDecision DecideHook(const Snapshot& snapshot, absl::string_view occasion) {
  const Group& group = snapshot.group;
  const GroupSetting* const setting = FindGroupSetting(occasion);
  const std::string hook = setting == nullptr ? "" : setting->print(group.settings);
  if (hook.empty()) return {};
  const std::string name(occasion);
  if (group.hooks.operation == group.intent.operation) {  // proof: rule 2
    const auto found = group.hooks.outcomes.find(name);
    if (found != group.hooks.outcomes.end()) {
      if (!absl::StartsWith(found->second, kHookAborted)) return {};  // proof: rule 2
      return {.run = std::nullopt,
              .refusal = Refusal{.reason = "HOOK_ABORTED",
                                 .message = absl::StrCat("the program ", hook, " for ", name,
                                                         " forbade it: ", found->second),
                                 .next_step = absl::StrCat("see the program's log, or weft group "
                                                           "set ",
                                                           group.id, " ", name, "="),
                                 .servers = {}}};
    }
  }
  return {.run = RunHook{.occasion = name, .hook = hook, .operation = group.intent.operation},
          .refusal = std::nullopt};
}

bool IsBeingTold(const Snapshot& snapshot) {
  return snapshot.program_runs && ToldNow(snapshot.group) != nullptr;
}

ServerUuid PrimaryBefore(const Group& group) {
  if (group.history.size() < 2) return ServerUuid();
  return group.history[group.history.size() - 2].primary;
}

absl::string_view AfterOccasion(const Group& group) {
  const Server* const old = group.Find(PrimaryBefore(group));
  const bool given_up = old != nullptr && old->status == ServerStatus::kFaulty;
  return given_up ? kAfter[0] : kAfter[1];
}

std::optional<RunHook> ProgramToTell(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (const char* const occasion = ToldNow(group); occasion != nullptr) {
    if (snapshot.program_runs) return std::nullopt;
    return RunHook{.occasion = occasion,
                   .hook = FindGroupSetting(occasion)->print(group.settings),
                   .operation = group.hooks.operation};
  }
  const Intent& intent = group.intent;
  if (intent.goal != Goal::kPromote || intent.target != group.primary) return std::nullopt;
  return DecideHook(snapshot, AfterOccasion(group)).run;
}

bool WasFencedForCertain(const Group& group) {
  const auto found = group.hooks.outcomes.find("fence");
  // What is told of the change itself is recorded in the epoch that it began.
  const bool told = std::any_of(std::begin(kAfter), std::end(kAfter), [&](const char* occasion) {
    return group.hooks.outcomes.contains(occasion);
  });
  if (group.hooks.epoch + (told ? 0 : 1) != group.epoch) return false;  // guard: rule 2
  if (found == group.hooks.outcomes.end()) return false;
  if (found->second != kHookOk) return false;  // guard: rule 2
  return true;
}

}  // namespace weft::controller
