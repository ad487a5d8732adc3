#include "services/controller/core/drain.h"

#include <optional>
#include <utility>

namespace weft::controller {
namespace {

// nullopt: nobody can tell.
std::optional<absl::Duration> Behind(absl::Duration now, const Snapshot& snapshot,
                                     const ServerUuid& server, DrainMemory* memory) {
  const Observation& seen = snapshot.Of(server);
  if (!seen.reached()) return std::nullopt;
  const Replication& replication = seen.replication;
  if (replication.receiver != ThreadState::kOn || !replication.applier_running) {
    return now - memory->idle_since.try_emplace(server, now).first->second;
  }
  memory->idle_since.erase(server);
  const auto report = snapshot.reports.find(server);
  const bool watched = report != snapshot.reports.end() && report->second.lag.has_value();
  return watched ? *report->second.lag : replication.lag;
}

}  // namespace

void RememberDrained(absl::Duration now, DrainMemory* memory, Snapshot* snapshot) {
  const std::optional<absl::Duration>& limit = snapshot->group.settings.drain_lag;
  if (!limit.has_value()) {
    *memory = {};
    return;
  }
  std::map<ServerUuid, absl::Duration> drained;
  bool one_is_left = false;
  for (const Server& server : snapshot->group.servers) {
    if (server.mode != ServerMode::kReadOnly) continue;
    const auto before = memory->drained.find(server.uuid);
    const bool was = before != memory->drained.end();
    const std::optional<absl::Duration> behind = Behind(now, *snapshot, server.uuid, memory);
    if (!behind.has_value()) {
      if (was) drained.insert(*before);
    } else if (*behind > (was ? *limit / 2 : *limit)) {
      drained[server.uuid] = *behind;
    } else {
      one_is_left = true;
    }
  }
  if (!one_is_left) drained.clear();
  memory->drained = drained;
  snapshot->drained = std::move(drained);
}

}  // namespace weft::controller
