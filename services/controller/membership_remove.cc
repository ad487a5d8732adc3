#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"
#include "services/controller/membership.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/with_record.h"

namespace weft::controller {
namespace {

constexpr char kLeaving[] = "it is being removed from its group";

bool IsPrimaryReached(const Snapshot& look) { return look.Of(look.group.primary).reached(); }

// What is lacking before Weft lets go of an acknowledger by itself (Narrow).
std::string WhyStillCounted(const Snapshot& look, const Server& server) {
  const Observation& seen = look.Of(server.uuid);
  if (!IsPrimaryReached(look)) {
    const std::string primary = NameOf(look.group, look.group.primary);
    return absl::StrCat(primary,
                        ", the primary, does not answer: ", look.Of(look.group.primary).error);
  }
  if (!seen.reached() && !IsUnable(look, server.uuid)) {
    return absl::StrCat("it does not answer (", seen.error,
                        "), and the primary does not keep it out for certain");
  }
  if (seen.reached() && seen.replication.receiver != ThreadState::kOff) return "it receives";
  if (!IsUnable(look, server.uuid)) {
    const std::string unproven = WhyUnproven(look, server.uuid);
    return unproven.empty() ? "the primary still sends to it" : absl::StrCat("it ", unproven);
  }
  return "no other acknowledger is known to have all that the primary has";
}

absl::Status StillCounted(const Snapshot& look, const Server& server) {
  const Group& group = look.group;
  const bool silent = !IsPrimaryReached(look);
  const std::string address = server.address.ToString();
  const std::string surrender =
      absl::StrCat("weft group remove ", group.id, " ", address, " --surrender");
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, silent ? "PRIMARY_NOT_REACHED" : "STILL_ACKNOWLEDGER",
      absl::StrCat(address, " may acknowledge writes of group ", group.id,
                   " that nobody else has, also after its removal"),
      "proof that it acknowledges nothing more, and that another acknowledger has all that the "
      "primary has",
      WhyStillCounted(look, server),
      absl::StrCat(silent ? absl::StrCat("start ", NameOf(group, group.primary))
                          : absl::StrCat("see: weft why ", group.id),
                   "; or, once the old primary and ", address,
                   " are ended for certain, give up the writes that only they have: ", surrender));
}

}  // namespace

absl::Status Membership::CheckPrimaryTells(const Snapshot& look, const Server& server) {
  if (look.group.restored || !IsAcknowledger(look.group, server.uuid)) return absl::OkStatus();
  return IsPrimaryReached(look) ? absl::OkStatus() : StillCounted(look, server);
}

absl::Status Membership::CheckLetGo(const Seat& seat) {
  WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(seat.group));
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr || !IsAcknowledger(group, seat.server)) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(CheckMayLeave(group, *record));
  return StillCounted(look.snapshot, *record);
}

absl::StatusOr<Membership::Parting> Membership::Part(const Seat& seat, bool surrender) {
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  Parting parting{.epoch = group.epoch, .version = group.acknowledgers.version, .executed = {}};
  if (group.restored || group.Find(seat.server) == nullptr) return parting;
  if (group.primary == seat.server) return parting;
  // What it has received may be held by nobody else.
  if (IsAcknowledger(group, seat.server) && !surrender) return parting;
  // Where it answers it shall not go on replicating unwatched, and where it does not it shall not
  // come back and acknowledge.
  if (!ports_.farm->Apply(group, Detach{seat.server}, options_.part_deadline).ok()) {
    // Nor of whoever leads next, from whom it may still receive.
    const auto last = ports_.reconciler->LastLook(seat.group);
    for (const Server& server : group.servers) {
      if (server.uuid == seat.server) continue;
      const bool reached = last.has_value() && last->snapshot.Of(server.uuid).reached();
      if (!reached && server.uuid != group.primary) continue;
      (void)ports_.farm->Apply(group, LockAccount{server.uuid, seat.server},
                               options_.part_deadline);
    }
  }
  if (!IsAcknowledger(group, seat.server)) return parting;
  std::map<ServerUuid, Observation> seen = ports_.farm->Probe(group, options_.part_deadline);
  parting.executed = seen[group.primary].executed;
  return parting;
}

absl::Status Membership::Strike(const Group& record, const Server& server, const Parting& parting,
                                const Operation& operation) {
  WEFT_RETURN_IF_ERROR(CheckMayLeave(record, server));
  if (record.restored || !IsAcknowledger(record, server.uuid)) {
    return ports_.store->RemoveServer(record.id, record.revision, server.uuid);
  }
  if (operation.kind != kRemoveSurrendering) {
    // It has been let in again meanwhile.
    return AcknowledgersMoved(record.id, parting.version, record.acknowledgers.version);
  }
  if (record.epoch != parting.epoch) return EpochMoved(record.id, parting.epoch, record.epoch);
  // It may hold writes that nobody else holds. What the primary says that it has written is at
  // least required of every later one.
  SetAcknowledgers rest{record.acknowledgers.servers, parting.executed};
  rest.servers.erase(server.uuid);
  WEFT_RETURN_IF_ERROR(ports_.store->Apply(record, rest, ports_.clock->Now()));
  Event event;
  event.group = record.id;
  event.server = server.uuid.text();
  event.operation = operation.id;
  event.user = operation.user;
  event.kind = "change";
  event.text = absl::StrCat(
      server.address.ToString(), " is removed with surrender while it may acknowledge writes of ",
      NameOf(record, record.primary), ": those of epoch ", record.epoch,
      " that only it has acknowledged may be lost from now on",
      parting.executed.Empty()
          ? ", whatever they are: the primary did not answer"
          : absl::StrCat(", except for what the primary has executed: ", Shown(parting.executed)));
  ports_.reconciler->journal().Append(std::move(event));
  return RevisionMoved(record.id, record.revision, record.revision + 1);  // read again, then remove
}

absl::Status Membership::RemoveFromRecord(const Seat& seat, const Operation& operation) {
  WEFT_ASSIGN_OR_RETURN(const Parting parting, Part(seat, operation.kind == kRemoveSurrendering));
  return ports_.reconciler->Exclusively(seat.group, [&]() -> absl::Status {
    return WithRecord(ports_.store, seat.group, [&](const Group& record) -> absl::Status {
      const Server* const found = record.Find(seat.server);
      return found == nullptr ? absl::OkStatus() : Strike(record, *found, parting, operation);
    });
  });
}

absl::Status Membership::Remove(const Seat& seat, const Operation& operation,
                                const Running& running) {
  running.report(0.2, "stop replication");
  WEFT_ASSIGN_OR_RETURN(const Group before, ports_.store->Load(seat.group));
  const Server* const original = before.Find(seat.server);
  if (original == nullptr) return absl::OkStatus();  // an earlier try removed it
  const bool surrender = operation.kind == kRemoveSurrendering;
  // Nothing is done to the servers of a restored group.
  absl::Status status =
      before.restored ? absl::OkStatus() : Withdraw(seat, kLeaving, !surrender, running);
  if (status.ok() && !before.restored && !surrender) status = CheckLetGo(seat);
  if (status.ok()) {
    running.report(0.8, "remove from the record");
    status = RemoveFromRecord(seat, operation);
  }
  if (status.ok()) {
    ports_.farm->Forget(original->address);
    const absl::Status read = ports_.reconciler->Refresh(seat.group).status();
    return absl::IsNotFound(read) ? absl::OkStatus() : read;
  }
  // As if nothing had been asked. Where an earlier try withdrew it nobody knows what it was: then
  // its status is corrected once it is seen to follow.
  (void)Edit(seat, [&](Server* server) {
    if (server->set_aside != kLeaving) return;
    server->set_aside.clear();
    if (original->set_aside == kLeaving) return;
    server->set_aside = original->set_aside;
    server->status = original->status;
    server->mode = original->mode;
  });
  return status;
}

}  // namespace weft::controller
