#include "services/controller/core/strangers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"

namespace weft::controller {
namespace {

// It answers and says that it acknowledges nothing.
bool IsSilent(const Observation& seen) {
  return seen.reached() && !seen.semi_sync.replica_enabled && !seen.semi_sync.replica_active;
}

// The primary may count it: a replica is listed before and after it is counted. Its own word is
// taken, too: another server with its server_id takes its place in the list.
bool MayBeCounted(const Snapshot& snapshot, const ServerUuid& server) {
  if (IsSilent(snapshot.Of(server))) return false;
  return StreamsTo(snapshot.Of(snapshot.group.primary), server) ||
         AcknowledgesNow(snapshot, server);
}

}  // namespace

std::optional<Strangers> FindStrangers(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  const Observation& primary = snapshot.Of(group.primary);
  if (!IsLosslessEpoch(group) || !primary.reached()) return std::nullopt;
  if (!primary.semi_sync.source_enabled) return std::nullopt;
  Strangers found;
  found.connected = primary.semi_sync.source_clients;
  for (const ServerUuid& server : group.acknowledgers.servers) {
    if (MayBeCounted(snapshot, server)) ++found.known;
  }
  if (found.connected <= found.known) return std::nullopt;  // proof: rule 3
  for (const ServerUuid& replica : primary.streaming_to) {
    if (IsAcknowledger(group, replica) || IsSilent(snapshot.Of(replica))) continue;
    found.servers.push_back(replica);
  }
  return found;
}

std::string StrangersText(const Snapshot& snapshot, const Strangers& found) {
  const Group& group = snapshot.group;
  std::string text = absl::StrCat(found.connected, " semi-sync ",
                                  found.connected == 1 ? "replica is" : "replicas are",
                                  " connected to ", NameOf(group, group.primary), ", ", found.known,
                                  found.known == 1 ? " is known" : " are known");
  if (found.servers.empty()) return text;
  const uint32_t others = found.connected - found.known;
  const bool some_only_replicate = found.servers.size() > others;
  absl::StrAppend(&text, "; ", some_only_replicate ? absl::StrCat(others, " of ") : "",
                  NamesOf(group, found.servers),
                  found.servers.size() == 1 || (some_only_replicate && others == 1)
                      ? " is no acknowledger"
                      : " are no acknowledgers",
                  " of group ", group.id);
  return text;
}

}  // namespace weft::controller
