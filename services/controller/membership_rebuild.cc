#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/rejoin.h"
#include "services/controller/membership.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

constexpr char kToBeRebuilt[] = "its data are being replaced";

}  // namespace

absl::StatusOr<Snapshot> Membership::LookAt(const Seat& seat, const Running& running) {
  const absl::Duration asked = ports_.clock->MonotonicNow();
  const Deadline deadline = Deadline::After(ports_.clock, options_.look_deadline);
  std::string found = "no look in time";
  while (true) {
    if (running.cancelled()) return absl::CancelledError("an end of it was asked for");
    const auto look = ports_.reconciler->Look(seat.group);
    // An older one, which a busy group answers with, may be of another epoch.
    if (look.ok() && look->began >= asked) {
      const Observation& seen = look->snapshot.Of(seat.server);
      if (seen.reached() || seen.unwhole) return look->snapshot;
      found = seen.error;
    }
    if (deadline.Passed()) break;
    ports_.clock->Sleep(options_.poll);
  }
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "SERVER_NOT_REACHED",
      absl::StrCat("server ", seat.server.text(), " of group ", seat.group,
                   " does not say what only it has, so nothing was replaced"),
      "a server that answers a look", found,
      absl::StrCat("see what is wrong (weft why ", seat.group, "), then ask for it again"));
}

absl::Status Membership::SaveOwn(const Seat& seat, const Running& running) {
  WEFT_ASSIGN_OR_RETURN(const Snapshot look, LookAt(seat, running));
  const GtidSet errant = Errant(look, seat.server);
  if (errant.Empty()) return absl::OkStatus();
  running.report(0.08, "save its own transactions");
  const absl::StatusOr<std::string> path =
      ports_.farm->SaveTransactions(look.group, seat.server, errant, options_.rescue_deadline);
  Event event;
  event.group = seat.group;
  event.server = seat.server.text();
  event.kind = "change";
  if (path.ok()) {
    event.text = absl::StrCat("before its rebuild ", errant.ToString(), " is saved in ", *path);
  } else if (absl::IsNotFound(path.status())) {
    event.text =
        absl::StrCat(errant.ToString(), " is rebuilt over, unsaved: ", path.status().message());
  } else {
    return Annotate(path.status(), "what only it has could not be saved, so nothing was replaced");
  }
  ports_.reconciler->journal().Append(std::move(event));
  return absl::OkStatus();
}

absl::Status Membership::CloneInto(Seat* seat, const Running& running) {
  WEFT_RETURN_IF_ERROR(SaveOwn(*seat, running));
  WEFT_ASSIGN_OR_RETURN(const ServerUuid donor, ChooseDonor(*seat));
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat->group));
  // Its semi-sync flag must not vouch for what it is about to lose (rule 4).
  WEFT_RETURN_IF_ERROR(ports_.farm->Apply(group, Detach{seat->server}, options_.step_deadline));
  const std::string phase = absl::StrCat("clone from ", NameOf(group, donor));
  running.report(0.1, phase);
  WEFT_ASSIGN_OR_RETURN(const ServerUuid uuid,
                        ports_.farm->Clone(
                            group, seat->server, donor,
                            [&](double progress) { running.report(0.1 + 0.8 * progress, phase); },
                            options_.clone_deadline));
  WEFT_RETURN_IF_ERROR(LetIn(*seat, uuid));
  seat->server = uuid;
  return absl::OkStatus();
}

absl::Status Membership::Rebuild(Seat seat, const Running& running) {
  running.report(0.05, "stop replication");
  WEFT_ASSIGN_OR_RETURN(const Group group, ports_.store->Load(seat.group));
  const Server* const record = group.Find(seat.server);
  if (record == nullptr) return NotInGroup(seat.server.text(), seat.group);
  const bool serves =
      record->status == ServerStatus::kSecondary || record->status == ServerStatus::kSpare;
  if (serves && record->set_aside.empty() && record->errant.empty()) {
    return AwaitFollowing(seat, running);  // an earlier try has let it in
  }
  if (record->status != ServerStatus::kConfiguring) {
    WEFT_RETURN_IF_ERROR(Withdraw(seat, kToBeRebuilt, /*until_proven=*/false, running));
    WEFT_RETURN_IF_ERROR(
        Edit(seat, [](Server* server) { server->status = ServerStatus::kConfiguring; }));
  }
  const absl::Status cloned = CloneInto(&seat, running);
  if (!cloned.ok()) {
    // Whatever is left of its data is not to be trusted before another try.
    (void)Edit(seat, [&](Server* server) {
      server->status = ServerStatus::kFaulty;
      server->mode = DefaultMode(server->status);
      server->set_aside = AfterFailure(server->set_aside, kRebuildFailed, cloned.message());
    });
    return cloned;
  }
  running.report(0.95, "follow the primary");
  return AwaitFollowing(seat, running);
}

}  // namespace weft::controller
