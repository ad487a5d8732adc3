#include "services/controller/core/candidate.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/guards.h"

namespace weft::controller {
namespace {

constexpr char kForbidden[] = "PROMOTION_FORBIDDEN";

// A preference is worth a moment, not an outage: how many transactions a server may lack and still
// be chosen over one of a lesser promotion rule that holds everything, and how long it is waited
// for before it is looked at again.
constexpr uint64_t kMostToFetch = 1000;
constexpr absl::Duration kFetchPatience = absl::Seconds(5);

Refusal Unfit(const Group& group, const ServerUuid& server, const std::string& reason,
              const std::string& found, const std::string& next_step) {
  return Refusal{.reason = reason,
                 .message = absl::StrCat("expected ", NameOf(group, server),
                                         " to be fit to lead, found ", found),
                 .next_step = next_step,
                 .servers = {server}};
}

uint64_t Unapplied(const Observation& server) {
  return server.received.Minus(server.executed).Count();
}

// A clean server that holds all of `required`; the best to copy from when there are several.
ServerUuid WholeHolder(const Snapshot& snapshot, const GtidSet& required) {
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;  // guard: rule 5
    if (!Errant(snapshot, server).Empty()) continue;                               // guard: rule 6
    if (snapshot.Of(server).Held().Contains(required)) return server;              // proof: rule 5
  }
  return ServerUuid();
}

Refusal NobodyHolds(const Snapshot& snapshot, const GtidSet& required) {
  std::string list;
  std::vector<ServerUuid> servers;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    const GtidSet lacks = required.Minus(snapshot.Of(server).Held());
    const GtidSet errant = Errant(snapshot, server);
    absl::StrAppend(&list, list.empty() ? "" : "; ", NameOf(snapshot.group, server), " lacks [",
                    Shown(lacks), "]",
                    errant.Empty() ? "" : absl::StrCat(" and has errant [", Shown(errant), "]"));
    servers.push_back(server);
  }
  return Refusal{
      .reason = "NO_COMPLETE_SERVER",
      .message = absl::StrCat("expected a clean server that holds what all servers "
                              "reached hold, found none: ",
                              list),
      .next_step = "start the primary again, or bring back the server that holds the rest",
      .servers = servers};
}

// It was told to get what it lacks from `source`, and does not: it cannot connect, or was given up.
bool FailsToFetch(const Snapshot& snapshot, const ServerUuid& server, const ServerUuid& source) {
  if (!PointsAt(snapshot, server, source)) return false;
  const Replication& replication = snapshot.Of(server).replication;
  return replication.receiver == ThreadState::kOff ||
         (replication.receiver == ThreadState::kConnecting && !replication.receiver_error.empty());
}

// It gets the rest of `required` from `source` within moments, by what is seen.
bool FetchesSoon(const Snapshot& snapshot, const ServerUuid& server, const ServerUuid& source,
                 const GtidSet& required) {
  return required.Minus(snapshot.Of(server).Held()).Count() <= kMostToFetch &&
         !FailsToFetch(snapshot, server, source);
}

// The first of `candidates` that holds all of `required`; empty: none does.
ServerUuid FirstWhole(const Snapshot& snapshot, const std::vector<ServerUuid>& candidates,
                      const GtidSet& required) {
  for (const ServerUuid& candidate : candidates) {
    if (!snapshot.Of(candidate).Held().Contains(required)) continue;  // guard: rule 5
    return candidate;
  }
  return ServerUuid();
}

// False when none of `candidates` holds, or can get, what `election` requires.
bool ChooseWinner(const Snapshot& snapshot, const std::vector<ServerUuid>& candidates,
                  Election* election) {
  const ServerUuid whole = FirstWhole(snapshot, candidates, election->required);
  const ServerUuid source = WholeHolder(snapshot, election->required);
  for (const ServerUuid& candidate : candidates) {
    election->winner = candidate;
    if (candidate == whole) return true;
    if (source.empty() || !CanServe(snapshot, source, candidate)) continue;  // guard: rule 5
    if (!whole.empty()) {
      if (RuleOf(snapshot.group, candidate) == RuleOf(snapshot.group, whole)) continue;
      if (!FetchesSoon(snapshot, candidate, source, election->required)) continue;
      election->patience = kFetchPatience;
    }
    election->catch_up_from = source;
    return true;
  }
  return false;
}

// Why it is not fit to lead, whatever its promotion rule says.
std::optional<Refusal> RefuseUnfit(const Snapshot& snapshot, const ServerUuid& server,
                                   bool by_name) {
  const Group& group = snapshot.group;
  const Server* record = group.Find(server);
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) {  // guard: rule 3
    return Unfit(group, server, "TARGET_NOT_REACHED", absl::StrCat("no answer: ", seen.error),
                 "start it, or name another server");
  }
  if (!record->set_aside.empty()) {  // guard: rule 6
    return Unfit(
        group, server, "TARGET_SET_ASIDE", absl::StrCat("it set aside: ", record->set_aside),
        absl::StrCat("weft server rejoin ", NameOf(group, server), ", or name another server"));
  }
  if (const GtidSet errant = Errant(snapshot, server); !errant.Empty()) {  // guard: rule 6
    return Unfit(group, server, "TARGET_ERRANT",
                 absl::StrCat("transactions that the group does not know: [", Shown(errant), "]"),
                 absl::StrCat("weft server rejoin ", NameOf(group, server),
                              " --rebuild, or name another server"));
  }
  const bool in_service = record->status == ServerStatus::kSecondary ||
                          (record->status == ServerStatus::kSpare && by_name);
  if (!in_service) {  // guard: rule 5
    return Unfit(group, server, "TARGET_STATUS",
                 absl::StrCat("status ", ToString(record->status), ", expected SECONDARY",
                              by_name ? " or SPARE" : ""),
                 "name another server, or change its status first");
  }
  if (IsLosslessEpoch(group) && !seen.can_semi_sync) {  // guard: rule 5
    return Unfit(group, server, "TARGET_CANNOT_SEMI_SYNC",
                 absl::StrCat("version ", seen.version, ", which cannot be lossless"),
                 "name another server, or set the group's durability to async");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> RefuseCandidate(const Snapshot& snapshot, const ServerUuid& server,
                                       bool by_name) {
  const Group& group = snapshot.group;
  if (group.Find(server) == nullptr) {  // guard: rule 5
    return Unfit(group, server, "NOT_IN_GROUP", absl::StrCat("no such server in group ", group.id),
                 "name a server of the group");
  }
  if (RuleOf(snapshot.group, server) == PromotionRule::kMustNot) {  // guard: rule 5
    return Unfit(group, server, kForbidden, "its promotion rule to be MUST_NOT",
                 absl::StrCat("weft server set ", NameOf(group, server),
                              " --promotion-rule neutral, or name another server"));
  }
  std::optional<Refusal> unfit = RefuseUnfit(snapshot, server, by_name);
  const bool unasked = group.intent.goal == Goal::kKeep || group.intent.failover;
  if (unfit.has_value()) return unfit;  // guard: rule 5
  if (by_name || !unasked) return std::nullopt;
  return RefuseUnaskedFor(snapshot, server);
}

Refusal RefuseForWantOfCandidates(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  Refusal refusal{.reason = "NO_CANDIDATE",
                  .message =
                      "expected a clean SECONDARY that answers and may be promoted, found "
                      "none",
                  .next_step = "start a server of the group or add one, or promote a SPARE by name",
                  .servers = {}};
  bool forbidden = false;
  for (const Server& server : group.servers) {
    if (server.uuid == group.primary) continue;
    const std::optional<Refusal> why = RefuseCandidate(snapshot, server.uuid, /*by_name=*/false);
    if (!why.has_value()) continue;
    absl::StrAppend(&refusal.message, refusal.servers.empty() ? ": " : ", ",
                    NameOf(group, server.uuid), " (", why->reason, ")");
    refusal.servers.push_back(server.uuid);
    if (forbidden || why->reason != kForbidden) continue;
    if (RefuseUnfit(snapshot, server.uuid, /*by_name=*/false).has_value()) continue;
    forbidden = true;  // and nothing else is in the way
    refusal.next_step =
        absl::StrCat("start another server of the group, or let this one lead: weft server set ",
                     NameOf(group, server.uuid), " --promotion-rule prefer_not");
  }
  return refusal;
}

std::vector<ServerUuid> Candidates(const Snapshot& snapshot) {
  std::vector<ServerUuid> fit;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (!RefuseCandidate(snapshot, server, /*by_name=*/false).has_value()) fit.push_back(server);
  }
  std::stable_sort(fit.begin(), fit.end(), [&](const ServerUuid& a, const ServerUuid& b) {
    const auto rank = [&](const ServerUuid& server) {
      return std::make_tuple(RuleOf(snapshot.group, server), IsTooFarBehind(snapshot, server),
                             -snapshot.group.Find(server)->weight, Unapplied(snapshot.Of(server)),
                             server);
    };
    return rank(a) < rank(b);
  });
  return fit;
}

GtidSet Required(const Snapshot& snapshot) {
  GtidSet required;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    // What is being cloned says nothing yet.
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;  // guard: rule 5
    required = required.Union(HeldSound(snapshot, server));
  }
  return required;
}

std::optional<Refusal> RefuseBelowWatermark(const Snapshot& snapshot, const GtidSet& required) {
  const Group& group = snapshot.group;
  const GtidSet lacks = group.watermark.Minus(required);
  if (lacks.Empty()) return std::nullopt;  // proof: rule 3
  std::vector<ServerUuid> silent;
  for (const Server& server : group.servers) {
    if (!snapshot.Of(server.uuid).reached()) silent.push_back(server.uuid);
  }
  return Refusal{.reason = "BELOW_WATERMARK",
                 .message = absl::StrCat("every later primary must hold [", Shown(group.watermark),
                                         "]; the servers reached lack [", Shown(lacks),
                                         "]; silent are ", NamesOf(group, silent)),
                 .next_step = absl::StrCat("start ", NamesOf(group, silent),
                                           ": one of them has what is missing"),
                 .servers = silent};
}

ElectionResult Elect(const Snapshot& snapshot) {
  ElectionResult result;
  Election& election = result.election;
  election.required = Required(snapshot);
  const ServerUuid& asked_for =
      snapshot.group.intent.goal == Goal::kPromote ? snapshot.group.intent.target : ServerUuid();
  std::vector<ServerUuid> candidates;
  if (!asked_for.empty()) {
    result.refusal = RefuseCandidate(snapshot, asked_for, /*by_name=*/true);
    if (result.refusal.has_value()) return result;  // guard: rule 5
    candidates = {asked_for};
  } else {
    candidates = Candidates(snapshot);
  }
  if (candidates.empty()) {  // guard: rule 5
    result.refusal = RefuseForWantOfCandidates(snapshot);
    return result;
  }
  result.refusal = RefuseBelowWatermark(snapshot, election.required);
  if (result.refusal.has_value()) return result;         // guard: rule 3
  if (!ChooseWinner(snapshot, candidates, &election)) {  // guard: rule 5
    result.refusal = NobodyHolds(snapshot, election.required);
  }
  return result;
}

}  // namespace weft::controller
