#include "services/controller/membership.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/rejoin.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/rejoin_policy.h"

namespace weft::controller {
namespace {

absl::Status CheckIsReplica(const Group& group, const Server& server) {
  // What its record says of it may be long past. Who says that it is gone knows that.
  if (group.restored || group.primary != server.uuid) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "SERVER_IS_PRIMARY",
      absl::StrCat(server.address.ToString(), " is the primary of group ", group.id),
      "a server that is not the primary", "the primary",
      absl::StrCat("promote another server first: weft group promote ", group.id));
}

bool Follows(const Snapshot& look, const ServerUuid& server) {
  const Replication& replication = look.Of(server).replication;
  const Server* const primary = look.group.Find(look.group.primary);
  if (primary == nullptr || !look.Of(server).reached() || !replication.configured) return false;
  const bool from_primary = replication.source_uuid.empty()
                                ? replication.source == primary->address
                                : replication.source_uuid == primary->uuid;
  return from_primary && replication.receiver == ThreadState::kOn && replication.applier_running;
}

// Fewer acknowledgers than a commit needs are never left.
bool IsLastCounted(const Group& group, const ServerUuid& server) {
  return IsAcknowledger(group, server) &&
         group.acknowledgers.servers.size() <= std::max<uint32_t>(group.acknowledgements, 1);
}

}  // namespace

Membership::Membership(Options options, Ports ports) : options_(options), ports_(ports) {
  for (const char* kind : {kAdd, kRemove, kRemoveSurrendering, kRejoin, kRebuildKind, kRewindKind,
                           kRewindOrRebuildKind}) {
    ports_.reconciler->OnResume(kind,
                                [this](const Operation& operation) { return WorkOf(operation); });
  }
}

OperationRunner::Work Membership::WorkOf(const Operation& operation) {
  return [this, operation](const Running& running) -> absl::StatusOr<std::string> {
    WEFT_ASSIGN_OR_RETURN(const ServerUuid server, ServerUuid::Parse(operation.server));
    return Work(operation, {operation.group, server}, running);
  };
}

absl::StatusOr<std::string> Membership::Work(const Operation& operation, const Seat& seat,
                                             const Running& running) {
  const std::string& kind = operation.kind;
  if (kind == kAdd) WEFT_RETURN_IF_ERROR(Add(seat, running));
  if (kind == kRemove || kind == kRemoveSurrendering) {
    WEFT_RETURN_IF_ERROR(Remove(seat, operation, running));
  }
  if (kind == kRejoin) WEFT_RETURN_IF_ERROR(Rejoin(seat, running));
  if (kind != kRebuildKind && kind != kRewindKind && kind != kRewindOrRebuildKind) {
    return std::string();
  }
  WEFT_RETURN_IF_ERROR(Claim(seat));
  const auto done = absl::MakeCleanup([&] {
    MutexLock lock(&mutex_);
    being_changed_.erase(seat.server.text());
  });
  WEFT_RETURN_IF_ERROR(CheckMeant(operation, seat));
  if (kind != kRebuildKind) return Rewind(seat, kind == kRewindOrRebuildKind, running);
  WEFT_RETURN_IF_ERROR(Rebuild(seat, running));
  return std::string();
}

absl::Status Membership::CheckMeant(const Operation& operation, const Seat& seat) {
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
  if (IsMeantFor(operation, *record)) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kAborted, "SUPERSEDED",
      absl::StrCat(record->address.ToString(), " has other transactions of its own by now"),
      "those that this was begun for", record->errant,
      absl::StrCat("nothing: what becomes of them is decided anew; see weft why ", seat.group));
}

absl::Status Membership::Claim(const Seat& seat) {
  // What an earlier term of this process began may still be about to end.
  const Deadline deadline = Deadline::After(ports_.clock, options_.claim_deadline);
  while (!deadline.Passed()) {
    {
      MutexLock lock(&mutex_);
      if (being_changed_.insert(seat.server.text()).second) return absl::OkStatus();
    }
    ports_.clock->Sleep(options_.poll);
  }
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "BEING_REBUILT",
                         absl::StrCat("server ", seat.server.text(), " is being brought back"),
                         "one rewind or rebuild at a time", "another one that runs",
                         absl::StrCat("wait for it: weft operation list ", seat.group));
}

absl::Status Membership::CheckMayLeave(const Group& group, const Server& server) {
  if (group.restored) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(CheckIsReplica(group, server));
  if (group.durability == Durability::kLossless && IsLastCounted(group, server.uuid)) {
    return ::weft::Refusal(
        absl::StatusCode::kFailedPrecondition, "LAST_ACKNOWLEDGER",
        absl::StrCat("writes of group ", group.id, " are acknowledged by ",
                     server.address.ToString(), " and would stop without it"),
        absl::StrCat("another secondary that acknowledges (", group.acknowledgements, " needed)"),
        absl::StrCat(group.acknowledgers.servers.size(), " acknowledgers"),
        absl::StrCat("add a secondary first, or accept asynchronous replication: weft group set ",
                     group.id, " --durability async"));
  }
  return absl::OkStatus();
}

absl::Status Membership::Edit(const Seat& seat, absl::FunctionRef<void(Server*)> edit) {
  WEFT_RETURN_IF_ERROR(
      WithRecord(ports_.store, seat.group, [&](const Group& record) -> absl::Status {
        const Server* const found = record.Find(seat.server);
        if (found == nullptr) return NotInGroup(seat.server.text(), seat.group);
        Server changed = *found;
        edit(&changed);
        if (changed == *found) return absl::OkStatus();
        if (changed.status != found->status) WEFT_RETURN_IF_ERROR(CheckIsReplica(record, *found));
        return ports_.store->UpdateServer(seat.group, record.revision, seat.server, changed);
      }));
  (void)ports_.reconciler->Refresh(seat.group);
  ports_.reconciler->Wake(seat.group);
  return absl::OkStatus();
}

absl::Status Membership::Await(const std::string& group, absl::Duration timeout,
                               const Running& running, Condition done) {
  const Deadline deadline = Deadline::After(ports_.clock, timeout);
  // A look may be a moment old: one from before the caller's last change would answer for the past.
  WEFT_ASSIGN_OR_RETURN(const Group now, ports_.store->Load(group));
  while (true) {
    if (running.cancelled()) return absl::CancelledError("an end of it was asked for");
    const auto standing = ports_.reconciler->StandingOf(group);
    const uint64_t rounds = standing.has_value() ? standing->rounds : 0;
    ports_.reconciler->Wake(group);
    ports_.reconciler->WaitFor(
        group, [rounds](const GroupWorker::Standing& now) { return now.rounds > rounds; },
        options_.poll);
    const auto look = ports_.reconciler->Look(group);
    if (look.ok() && look->snapshot.group.revision >= now.revision) {
      WEFT_ASSIGN_OR_RETURN(const bool is_done, done(look->snapshot));
      if (is_done) return absl::OkStatus();
    }
    if (deadline.Passed()) {
      return look.ok() ? absl::DeadlineExceededError("") : look.status();
    }
    ports_.clock->Sleep(options_.poll);
  }
}

absl::Status Membership::AwaitFollowing(const Seat& seat, const Running& running) {
  std::string found = "no answer yet";
  const absl::Status status = Await(
      seat.group, options_.follow_deadline, running,
      [&](const Snapshot& look) -> absl::StatusOr<bool> {
        const Server* const record = look.group.Find(seat.server);
        if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
        // A FAULTY one of an active group gets its status back when it has been seen to follow.
        const bool settled = record->status != ServerStatus::kFaulty || !look.group.active;
        if (look.group.primary.empty() || (Follows(look, seat.server) && settled)) return true;
        if (!record->set_aside.empty()) {
          return ::weft::Refusal(
              absl::StatusCode::kFailedPrecondition, "SET_ASIDE",
              absl::StrCat(record->address.ToString(), " was set aside: ", record->set_aside),
              "a server with nothing of its own", record->errant,
              absl::StrCat("weft server rejoin ", record->address.ToString(), " --rebuild"));
        }
        const Observation& seen = look.Of(seat.server);
        found = seen.reached()
                    ? absl::StrCat(seen.replication.receiver_error, seen.replication.applier_error)
                    : seen.error;
        return false;
      });
  if (!absl::IsDeadlineExceeded(status)) return status;
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "DOES_NOT_FOLLOW",
                         absl::StrCat("server ", seat.server.text(), " of group ", seat.group,
                                      " does not replicate from the primary"),
                         "both replication threads running",
                         found.empty() ? "threads that are not running" : found,
                         absl::StrCat("see what is wrong: weft why ", seat.group));
}

absl::Status Membership::Add(const Seat& seat, const Running& running) {
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
  if (record->status == ServerStatus::kConfiguring) return Rebuild(seat, running);
  running.report(0.3, "follow the primary");
  WEFT_RETURN_IF_ERROR(AwaitFollowing(seat, running));
  // It was kept from clients until it had begun to catch up.
  return Edit(seat, [](Server* server) { server->mode = DefaultMode(server->status); });
}

absl::Status Membership::Rejoin(const Seat& seat, const Running& running) {
  running.report(0.3, "follow the primary");
  WEFT_RETURN_IF_ERROR(LetIn(seat, seat.server));
  return AwaitFollowing(seat, running);
}

absl::Status Membership::LetIn(const Seat& seat, const ServerUuid& uuid) {
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const bool by_itself = group.active && !group.primary.empty();
  return Edit(seat, [&](Server* server) {
    const bool aside = !server->set_aside.empty();
    server->uuid = uuid;
    server->set_aside.clear();
    server->errant.clear();
    const bool was_out =
        server->status == ServerStatus::kFaulty || server->status == ServerStatus::kConfiguring;
    if (!was_out) return;
    server->status = by_itself && aside ? ServerStatus::kFaulty : ServerStatus::kSecondary;
    server->mode = DefaultMode(server->status);
  });
}

absl::Status Membership::Withdraw(const Seat& seat, const std::string& why, bool until_proven,
                                  const Running& running) {
  WEFT_RETURN_IF_ERROR(Edit(seat, [&](Server* server) {
    server->status = ServerStatus::kFaulty;
    server->mode = DefaultMode(server->status);
    if (server->set_aside.empty()) server->set_aside = why;
  }));
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  if (IsAcknowledger(group, seat.server) && group.intent.goal == Goal::kKeep) {
    // Best effort: in a window of maintenance nobody else does it.
    (void)ports_.farm->Apply(group, StopReceiver{seat.server}, options_.part_deadline);
  }
  const absl::Status status = Await(
      seat.group, options_.revoke_deadline, running,
      [&](const Snapshot& look) -> absl::StatusOr<bool> {
        if (look.group.Find(seat.server) == nullptr) return true;
        const Observation& seen = look.Of(seat.server);
        if (!IsAcknowledger(look.group, seat.server)) {
          return !seen.reached() || !seen.replication.configured || look.group.primary.empty();
        }
        if (!seen.reached()) {
          return !until_proven && !look.Of(look.group.primary).reached();
        }
        // Fewer than a commit needs are not left, but its receiver is stopped, and it
        // acknowledges nothing more.
        return IsLastCounted(look.group, seat.server) &&
               seen.replication.receiver == ThreadState::kOff;
      });
  return absl::IsDeadlineExceeded(status) ? absl::OkStatus() : status;
}

absl::StatusOr<ServerUuid> Membership::ChooseDonor(const Seat& seat) {
  WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(seat.group));
  const Snapshot& seen = look.snapshot;
  if (!seen.Of(seen.group.primary).reached()) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "PRIMARY_NOT_REACHED",
                           absl::StrCat("group ", seat.group, " has no primary that answers"),
                           "a primary to follow after the clone",
                           seen.group.primary.empty() ? "no primary" : "no answer",
                           absl::StrCat("weft group promote ", seat.group));
  }
  // The clone is a burden: rather on one that serves nobody, the primary last.
  ServerUuid best = seen.group.primary;
  int best_rank = 0;
  for (const Server& server : seen.group.servers) {
    if (server.uuid == seat.server || !server.set_aside.empty()) continue;
    if (!Follows(seen, server.uuid) || !Errant(seen, server.uuid).Empty()) continue;
    const int rank = server.status == ServerStatus::kSpare       ? 2
                     : server.status == ServerStatus::kSecondary ? 1
                                                                 : 0;
    if (rank <= best_rank) continue;
    best = server.uuid;
    best_rank = rank;
  }
  return best;
}

}  // namespace weft::controller
