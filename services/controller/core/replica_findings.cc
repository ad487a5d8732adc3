#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/finding_rows.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

using Emit = FindingRow::Emit;

// A replica further behind is worth a word.
constexpr absl::Duration kLagWorthAWord = absl::Seconds(10);

// Calls `body` for each server other than the primary of record that is not being rebuilt.
template <typename Body>
void ForOthers(const Snapshot& snapshot, Body body) {
  for (const Server& server : snapshot.group.servers) {
    if (server.uuid == snapshot.group.primary) continue;
    if (server.status == ServerStatus::kConfiguring) continue;
    body(server, snapshot.Of(server.uuid), NameOf(snapshot.group, server.uuid));
  }
}

// It is to replicate from a primary that there is.
bool IsToReplicate(const Snapshot& snapshot, const Server& server) {
  return !snapshot.group.primary.empty() && server.set_aside.empty() &&
         server.status != ServerStatus::kFaulty;
}

std::string Rebuild(const std::string& name) {
  return absl::StrCat("weft server rejoin ", name, " --rebuild");
}

void Writable(const Snapshot& snapshot, const Emit& emit) {
  if (snapshot.group.primary.empty() && snapshot.group.epoch == 0) return;
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    if (!seen.reached() || IsFenced(seen)) return;
    emit(server.uuid,
         absl::StrCat("expected ", name, " to refuse all writes, found it ",
                      IsOpen(seen) ? "open to clients" : "open to privileged users"),
         "");
  });
}

void HasErrant(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation&, const std::string& name) {
    const GtidSet errant = Errant(snapshot, server.uuid);
    if (errant.Empty()) return;
    emit(
        server.uuid,
        absl::StrCat(name, " has transactions that the group does not know: [", Shown(errant), "]"),
        absl::StrCat(Rebuild(name), ", after a look at what they are"));
  });
}

void SetAside(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation&, const std::string& name) {
    if (server.set_aside.empty()) return;
    emit(server.uuid, absl::StrCat(name, " is set aside: ", server.set_aside),
         absl::StrCat(Rebuild(name),
                      " (clone; on versions without CLONE restore it from a backup)"));
  });
}

void LacksPurged(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    if (!NeedsRebuild(snapshot, server.uuid)) return;
    const GtidSet lacks = snapshot.Of(snapshot.group.primary).purged.Minus(seen.Held());
    emit(server.uuid,
         absl::StrCat(name, " lacks what the primary has purged: [", Shown(lacks), "]"),
         Rebuild(name));
  });
}

void Silent(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    if (seen.contact != Contact::kUnreachable) return;
    emit(server.uuid,
         absl::StrCat(name,
                      seen.silent_for > absl::ZeroDuration()
                          ? absl::StrCat(" has not answered for ", DurationText(seen.silent_for))
                          : " does not answer",
                      seen.error.empty() ? "" : ": ", seen.error),
         "start it, or see why it cannot be reached");
  });
}

void Rejects(const Snapshot& snapshot, const Emit& emit) {
  for (const Server& server : snapshot.group.servers) {
    const Observation& seen = snapshot.Of(server.uuid);
    if (seen.contact != Contact::kRejected) continue;
    emit(server.uuid,
         absl::StrCat(NameOf(snapshot.group, server.uuid),
                      " is alive but does not let the controller in: ", seen.error),
         "see its account, its certificate and its connection limit");
  }
}

void NotReplicating(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    if (!seen.reached() || !IsToReplicate(snapshot, server)) return;
    const Replication& replication = seen.replication;
    const bool receives = ReceivesFrom(snapshot, server.uuid, snapshot.group.primary);
    if (receives && replication.receiver == ThreadState::kOn && replication.applier_running) return;
    const char* receiver = !receives                                          ? "does not receive"
                           : replication.receiver == ThreadState::kConnecting ? "is connecting"
                                                                              : "receives";
    emit(server.uuid,
         absl::StrCat(
             "expected ", name, " to replicate from ",
             NameOf(snapshot.group, snapshot.group.primary), ", found that it ", receiver,
             replication.applier_running ? " and applies" : " and does not apply",
             replication.receiver_error.empty() ? "" : "; receiver: ", replication.receiver_error,
             replication.applier_error.empty() ? "" : "; applier: ", replication.applier_error),
         replication.applier_error.empty() ? ""
                                           : absl::StrCat("mend the error, or ", Rebuild(name)));
  });
}

void DiskFull(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    for (const std::string& error :
         {seen.replication.applier_error, seen.replication.receiver_error}) {
      if (!SpeaksOfFullDisk(error)) continue;
      emit(server.uuid, absl::StrCat(name, " has no room left on a disk: ", error),
           "make room there; what it lacks it fetches by itself then");
      return;
    }
  });
}

void Lags(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation& seen, const std::string& name) {
    if (!seen.reached() || seen.replication.lag < kLagWorthAWord) return;
    emit(server.uuid, absl::StrCat(name, " is ", DurationText(seen.replication.lag), " behind"),
         "");
  });
}

void ReadsDrained(const Snapshot& snapshot, const Emit& emit) {
  ForOthers(snapshot, [&](const Server& server, const Observation&, const std::string& name) {
    const auto drained = snapshot.drained.find(server.uuid);
    if (drained == snapshot.drained.end()) return;
    const absl::Duration limit = snapshot.group.settings.drain_lag.value_or(absl::ZeroDuration());
    emit(server.uuid,
         absl::StrCat(name, " takes no reads: it is ", DurationText(drained->second),
                      " behind, more than drain_lag (", DurationText(limit), ")"),
         absl::StrCat("see what it applies; it takes reads again once it is less than ",
                      DurationText(limit / 2), " behind"));
  });
}

void AcknowledgerMissing(const Snapshot& snapshot, const Emit& emit) {
  if (!IsLosslessEpoch(snapshot.group)) return;
  for (const ServerUuid& server : snapshot.group.acknowledgers.servers) {
    const std::string why = WhyUnproven(snapshot, server);
    if (why.empty()) continue;
    emit(server,
         absl::StrCat("acknowledger ", NameOf(snapshot.group, server),
                      " would not count at a "
                      "failover: it ",
                      why),
         "");
  }
}

void Preset(const Snapshot& snapshot, const Emit& emit) {
  for (const Server& server : snapshot.group.servers) {
    if (!snapshot.Of(server.uuid).semi_sync.replica_preset) continue;
    emit(server.uuid,
         absl::StrCat("expected rpl_semi_sync_replica_enabled to be set by Weft alone, found it in "
                      "an option file or persisted on ",
                      NameOf(snapshot.group, server.uuid)),
         "take it out of the option file; RESET PERSIST rpl_semi_sync_replica_enabled");
  }
}

void SpareAcknowledges(const Snapshot& snapshot, const Emit& emit) {
  for (const ServerUuid& server : snapshot.group.acknowledgers.servers) {
    if (StatusOf(snapshot.group, server) != ServerStatus::kSpare) continue;
    emit(server,
         absl::StrCat(NameOf(snapshot.group, server),
                      " is SPARE but must still acknowledge: writes would stop without it"),
         "add a secondary, or bring one back");
  }
}

constexpr FindingRow kRows[] = {
    {"WRITABLE_SECONDARY", Severity::kCritical, Writable},
    {"ERRANT_SERVER", Severity::kCritical, HasErrant},
    {"SET_ASIDE", Severity::kWarning, SetAside},
    {"NEEDS_REBUILD", Severity::kWarning, LacksPurged},
    {"SERVER_UNREACHABLE", Severity::kWarning, Silent},
    {"SERVER_REJECTS", Severity::kWarning, Rejects},
    {"REPLICA_DISK_FULL", Severity::kWarning, DiskFull},
    {"NOT_REPLICATING", Severity::kWarning, NotReplicating},
    {"REPLICA_LAGS", Severity::kWarning, Lags},
    {"READS_DRAINED", Severity::kWarning, ReadsDrained},
    {"ACKNOWLEDGER_MISSING", Severity::kWarning, AcknowledgerMissing},
    {"SEMI_SYNC_FLAG_PRESET", Severity::kWarning, Preset},
    {"SPARE_ACKNOWLEDGES", Severity::kInfo, SpareAcknowledges},
};

}  // namespace

absl::Span<const FindingRow> ReplicaFindings() { return kRows; }

}  // namespace weft::controller
