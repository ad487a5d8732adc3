#include "services/controller/core/facts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weft::controller {

std::string NameOf(const Group& group, const ServerUuid& server) {
  if (server.empty()) return "none";
  const Server* record = group.Find(server);
  return record == nullptr || record->address.empty() ? server.text() : record->address.ToString();
}

std::string NamesOf(const Group& group, const std::vector<ServerUuid>& servers) {
  if (servers.empty()) return "none";
  return absl::StrJoin(servers, ", ", [&](std::string* out, const ServerUuid& server) {
    absl::StrAppend(out, NameOf(group, server));
  });
}

std::string Shown(const GtidSet& set) {
  constexpr size_t kShown = 160;
  const std::string text = set.ToString();
  if (text.size() <= kShown) return text;
  return absl::StrCat(text.substr(0, kShown), "... (", set.Count(), " transactions)");
}

bool IsFenced(const Observation& server) { return server.reached() && server.super_read_only; }

bool IsCutOff(const Observation& server) { return server.reached() && server.offline; }

bool IsOpen(const Observation& server) {
  return server.reached() && !server.read_only && !server.super_read_only && !server.offline;
}

bool IsArmed(const Observation& server, uint32_t wait_for) {
  const SemiSync& semi_sync = server.semi_sync;
  return server.reached() && semi_sync.source_enabled && semi_sync.source_endless &&
         semi_sync.source_wait_for == wait_for;
}

bool CommitsWait(const Snapshot& snapshot) {
  const Observation& primary = snapshot.Of(snapshot.group.primary);
  return IsArmed(primary, WaitFor(snapshot.group)) || IsFenced(primary);
}

bool PointsAt(const Snapshot& snapshot, const ServerUuid& replica, const ServerUuid& source) {
  const Replication& replication = snapshot.Of(replica).replication;
  const Server* record = snapshot.group.Find(source);
  if (!replication.configured) return false;
  // An address may be an alias of the one on record; the uuid is known once it has connected.
  if (!replication.source_uuid.empty()) return replication.source_uuid == source;
  return record != nullptr && replication.source == record->address;
}

bool ReceivesFrom(const Snapshot& snapshot, const ServerUuid& replica, const ServerUuid& source) {
  return PointsAt(snapshot, replica, source) &&
         snapshot.Of(replica).replication.receiver != ThreadState::kOff;
}

absl::Duration HearingPatience(const Snapshot& snapshot, const ServerUuid& replica) {
  const std::optional<absl::Duration> period = snapshot.Of(replica).replication.heartbeat_period;
  return std::max(snapshot.heard_threshold, 3 * period.value_or(absl::ZeroDuration()));
}

bool IsCommitted(const Group& group) {
  const Intent& intent = group.intent;
  return intent.goal == Goal::kPromote && !intent.target.empty() && intent.target == group.primary;
}

uint32_t WaitFor(const Group& group) { return std::max<uint32_t>(1, group.acknowledgements); }

bool MayContinueAlone(const Group& group) {
  return group.durability == Durability::kLossless &&
         group.settings.on_last_acknowledger_lost == OnLastAcknowledgerLost::kContinue;
}

bool IsAcknowledger(const Group& group, const ServerUuid& server) {
  return group.acknowledgers.servers.contains(server);
}

std::vector<ServerUuid> ReachedOthers(const Snapshot& snapshot) {
  std::vector<ServerUuid> servers;
  for (const Server& server : snapshot.group.servers) {
    if (server.uuid == snapshot.group.primary) continue;
    if (snapshot.Of(server.uuid).reached()) servers.push_back(server.uuid);
  }
  return servers;
}

ServerStatus StatusOf(const Group& group, const ServerUuid& server) {
  const Server* record = group.Find(server);
  return record == nullptr ? ServerStatus::kFaulty : record->status;
}

bool IsSetAside(const Group& group, const ServerUuid& server) {
  const Server* record = group.Find(server);
  return record == nullptr || !record->set_aside.empty();
}

PromotionRule RuleOf(const Group& group, const ServerUuid& server) {
  return group.Find(server)->promotion_rule;
}

bool HasAccountOf(const Snapshot& snapshot, const ServerUuid& source, const ServerUuid& replica) {
  return snapshot.Of(source).accounts.contains(replica);
}

bool StreamsTo(const Observation& source, const ServerUuid& replica) {
  return std::find(source.streaming_to.begin(), source.streaming_to.end(), replica) !=
         source.streaming_to.end();
}

bool LocksOut(const Observation& source, const ServerUuid& replica) {
  const auto account = source.accounts.find(replica);
  return source.reached() && account != source.accounts.end() && account->second;
}

bool CanServe(const Snapshot& snapshot, const ServerUuid& source, const ServerUuid& replica) {
  return snapshot.Of(replica).Held().Contains(snapshot.Of(source).purged);
}

}  // namespace weft::controller
