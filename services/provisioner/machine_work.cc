#include "services/provisioner/machine_work.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/provisioner/ports/machine_address.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kSlice = absl::Milliseconds(100);

absl::Status Cancelled() {
  return Refusal(absl::StatusCode::kCancelled, "CANCELLED", "somebody asked for its end");
}

absl::Status NeverReached(const Machine& machine, absl::Duration timeout, absl::string_view found) {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "MACHINE_UNREACHABLE",
                 absl::StrCat("machine ", machine.uuid, " of provider ", machine.provider_id,
                              " was made, but not reached"),
                 absl::StrCat("an answer of its server within ", absl::FormatDuration(timeout)),
                 found, "look at the provider's network and at the image");
}

absl::Status NotRunning(const Machine& machine) {
  return Refusal(
      absl::StatusCode::kFailedPrecondition, "MACHINE_FAILED",
      absl::StrCat("machine ", machine.uuid, " of provider ", machine.provider_id, " does not run"),
      "a running machine", machine.detail.empty() ? "it failed" : machine.detail,
      "look at the provider");
}

// As it is listed before there is anything of it.
Machine Asked(const CreateWish& wish, const MachineOrder& order) {
  Machine machine;
  machine.uuid = order.uuid;
  machine.provider_id = wish.provider;
  machine.meta = order.meta;
  return machine;
}

// Returns `why` it is not destroyed.
absl::Status LeaveAsOrphan(Inventory* inventory, MachineEntry entry, absl::string_view detail,
                           const absl::Status& why) {
  entry.stage = Stage::kOrphan;
  entry.machine.detail = absl::StrCat(detail, ": ", why.message());
  WEFT_RETURN_IF_ERROR(inventory->PutMachine(entry));
  WEFT_LOG(kWarning, "a machine is left as an orphan",
           {{"machine", entry.machine.uuid},
            {"provider", entry.machine.provider_id},
            {"error", why.message()}});
  return why;
}

}  // namespace

absl::Status RemoveFrom(Provider* provider, Inventory* inventory, MachineEntry entry,
                        const Deadline& deadline) {
  const absl::Status removed = provider->Destroy(entry.machine.uuid, deadline);
  if (removed.ok()) return inventory->RemoveMachine(entry.machine.uuid);
  return LeaveAsOrphan(inventory, std::move(entry), "it could not be destroyed", removed);
}

absl::Status DestroyListed(ProviderDirectory* directory, Inventory* inventory,
                           const std::string& machine, const std::string& operation,
                           const Deadline& deadline) {
  absl::StatusOr<MachineEntry> entry = inventory->GetMachine(machine);
  if (absl::IsNotFound(entry.status())) return absl::OkStatus();
  if (!entry.ok()) return entry.status();
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider,
                        directory->Open(entry->machine.provider_id));
  entry->stage = Stage::kDestroying;
  entry->operation = operation;
  WEFT_RETURN_IF_ERROR(inventory->PutMachine(*entry));
  return RemoveFrom(provider.get(), inventory, *std::move(entry), deadline);
}

MachineWork::MachineWork(Options options, Inventory* inventory, ProviderDirectory* directory,
                         MembershipPorts members, Clock* clock)
    : options_(std::move(options)),
      inventory_(inventory),
      directory_(directory),
      members_(std::move(members)),
      clock_(clock) {}

void MachineWork::Serve(JobRunner* runner) {
  runner->Handle(kCreateMachines, [this](RunningJob& job) { return Create(job); });
  runner->Handle(kRestoreSnapshot, [this](RunningJob& job) { return Create(job); });
  runner->Handle(kDestroyMachine, [this](RunningJob& job) { return Destroy(job); });
}

absl::StatusOr<std::string> MachineWork::Create(RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(const CreateWish wish, ParseCreateWish(job.request()));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider, directory_->Open(wish.provider));
  std::string unanswered;
  const absl::StatusOr<std::vector<Machine>> machines =
      MakeAll(job, wish, provider.get(), &unanswered);
  // Whoever resumes it finds them on the list.
  if (!machines.ok() && job.lost()) return machines.status();
  if (!machines.ok()) {
    return PutBack(job, wish, provider.get(), unanswered, machines.status());
  }
  if (wish.unlisted) {
    for (const Machine& machine : *machines) {
      WEFT_RETURN_IF_ERROR(inventory_->RemoveMachine(machine.uuid));
    }
  }
  return MachinesResult(*machines);
}

MachineEntry MachineWork::EntryOf(const RunningJob& job, Machine machine, Stage stage) const {
  MachineEntry entry;
  entry.machine = std::move(machine);
  entry.stage = stage;
  entry.operation = job.id();
  entry.created = clock_->Now();
  return entry;
}

absl::StatusOr<std::vector<Machine>> MachineWork::MakeAll(RunningJob& job, const CreateWish& wish,
                                                          Provider* provider,
                                                          std::string* unanswered) {
  // All are listed before the provider hears of the first.
  for (const MachineOrder& order : wish.orders) {
    WEFT_RETURN_IF_ERROR(
        inventory_->PutMachine(EntryOf(job, Asked(wish, order), Stage::kCreating)));
  }
  std::vector<Machine> made;
  const double steps = 2.0 * static_cast<double>(wish.orders.size());
  for (const MachineOrder& order : wish.orders) {
    job.Report(static_cast<double>(made.size()) / steps,
               absl::StrCat("create machine ", made.size() + 1, " of ", wish.orders.size()));
    absl::StatusOr<Machine> machine = MakeOne(job, wish, order, provider);
    if (MayYetBeDone(machine.status())) *unanswered = order.uuid;
    if (job.lost()) ListAgain(job, wish, order);
    WEFT_RETURN_IF_ERROR(machine.status());
    made.push_back(*std::move(machine));
  }
  for (size_t i = 0; wish.wait && i < made.size(); ++i) {
    job.Report((static_cast<double>(made.size() + i)) / steps,
               absl::StrCat("wait for machine ", i + 1, " of ", made.size()));
    WEFT_ASSIGN_OR_RETURN(made[i], AwaitOne(job, wish, made[i], provider));
  }
  // Not before all stand: who sees one ready makes use of it, and it might yet be put back.
  for (const Machine& machine : made) {
    if (job.lost()) return Cancelled();
    WEFT_RETURN_IF_ERROR(inventory_->PutMachine(EntryOf(job, machine, Stage::kReady)));
  }
  return made;
}

absl::StatusOr<Machine> MachineWork::MakeOne(RunningJob& job, const CreateWish& wish,
                                             MachineOrder order, Provider* provider) {
  if (job.cancelled()) return Cancelled();
  WEFT_ASSIGN_OR_RETURN(order.user_data, directory_->OpenSecret(order.user_data, "user_data"));
  const CopyTerms terms = {.deadline = Deadline::After(clock_, options_.copy),
                           .cancelled = [&job] { return job.cancelled(); }};
  absl::StatusOr<Machine> machine =
      wish.snapshot.empty() ? provider->Create(order, Deadline::After(clock_, options_.call))
                            : provider->Restore(wish.snapshot, order, terms);
  if (machine.ok()) machine->provider_id = wish.provider;
  return machine;
}

void MachineWork::ListAgain(const RunningJob& job, const CreateWish& wish,
                            const MachineOrder& order) {
  if (!absl::IsNotFound(inventory_->GetMachine(order.uuid).status())) return;
  const absl::StatusOr<Job> now = inventory_->GetJob(job.id());
  // It was made, and is to be on no list.
  if (wish.unlisted && now.ok() && now->state == JobState::kSucceeded) return;
  LeaveAsOrphan(inventory_, EntryOf(job, Asked(wish, order), Stage::kCreating),
                "it may have been made after its operation had ended",
                absl::CancelledError("another held the operation"))
      .IgnoreError();
}

absl::StatusOr<Machine> MachineWork::AwaitOne(RunningJob& job, const CreateWish& wish,
                                              Machine machine, Provider* provider) {
  const Deadline deadline = Deadline::After(clock_, wish.reach_timeout);
  std::string found = "it is still being made";
  while (true) {
    if (job.cancelled()) return Cancelled();
    if (machine.state == MachineState::kRunning) {
      const absl::Status reached =
          provider->has_servers() ? Reach(wish, machine) : absl::OkStatus();
      if (reached.ok()) return machine;
      found = std::string(reached.message());
    }
    if (machine.state == MachineState::kFailed || machine.state == MachineState::kStopped) {
      return NotRunning(machine);
    }
    if (deadline.Passed()) return NeverReached(machine, wish.reach_timeout, found);
    const Deadline pause = Deadline::After(clock_, std::min(options_.poll, deadline.Remaining()));
    while (!pause.Passed() && !job.cancelled()) {
      clock_->Sleep(std::min(kSlice, pause.Remaining()));
    }
    absl::StatusOr<Machine> now =
        provider->Get(machine.uuid, Deadline::After(clock_, options_.call));
    if (now.ok()) {
      machine = *std::move(now);
      machine.provider_id = wish.provider;
    } else if (absl::IsUnavailable(now.status()) || absl::IsDeadlineExceeded(now.status())) {
      found = std::string(now.status().message());  // it may answer again
    } else {
      return now.status();
    }
  }
}

absl::Status MachineWork::Reach(const CreateWish& wish, const Machine& machine) const {
  absl::Status last;
  for (MachineAddress address : machine.addresses) {
    address.port = HostPortOf(address).port;
    last = options_.reach(address);
    // The saved data name whom their server followed: what is restored is to stay what was saved.
    if (last.ok() && !wish.snapshot.empty()) {
      last = Annotate(options_.detach(address), "it may follow whom the saved one followed");
    }
    if (last.ok()) return last;
  }
  return last.ok() ? absl::UnavailableError("it has no address yet") : last;
}

absl::Status MachineWork::PutBackOne(MachineEntry entry, Provider* provider,
                                     const absl::Status& may_come) {
  const std::string uuid = entry.machine.uuid;
  const Deadline deadline = Deadline::After(clock_, options_.call);
  absl::StatusOr<Machine> live = provider->Get(uuid, deadline);
  if (absl::IsNotFound(live.status()) && !may_come.ok()) {
    return LeaveAsOrphan(inventory_, std::move(entry),
                         "its provider did not answer, and may yet make it", may_come);
  }
  absl::Status spare = absl::IsNotFound(live.status()) ? absl::OkStatus() : live.status();
  if (live.ok()) {
    spare = CheckNoMember(members_, uuid, live->addresses);
    live->provider_id = entry.machine.provider_id;
    entry.machine = *std::move(live);
  }
  if (!spare.ok()) {
    return LeaveAsOrphan(inventory_, std::move(entry), "its operation failed and left it", spare);
  }
  return RemoveFrom(provider, inventory_, std::move(entry), deadline);
}

absl::Status MachineWork::PutBack(RunningJob& job, const CreateWish& wish, Provider* provider,
                                  const std::string& unanswered, const absl::Status& why) {
  job.Report(0, "destroy what was made");
  int orphans = 0;
  for (const MachineOrder& order : wish.orders) {
    // Whoever resumes it finds what is left on the list.
    if (job.lost()) return why;
    absl::StatusOr<MachineEntry> entry = inventory_->GetMachine(order.uuid);
    // Taken from the list by one who held this job before, and maybe made again since.
    if (absl::IsNotFound(entry.status())) {
      entry = EntryOf(job, Asked(wish, order), Stage::kCreating);
    }
    const absl::Status may_come = order.uuid == unanswered ? why : absl::OkStatus();
    const absl::Status removed =
        entry.ok() ? PutBackOne(*std::move(entry), provider, may_come) : entry.status();
    if (!removed.ok()) ++orphans;
  }
  if (orphans == 0) return why;
  return Annotate(why, absl::StrCat(orphans, " machine", orphans == 1 ? "" : "s",
                                    " could not be destroyed again, or may yet be made, and stay "
                                    "listed (weft machine list)"));
}

absl::StatusOr<std::string> MachineWork::Destroy(RunningJob& job) {
  WEFT_ASSIGN_OR_RETURN(const DestroyWish wish, ParseDestroyWish(job.request()));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider, directory_->Open(wish.provider));
  const Deadline deadline = Deadline::After(clock_, options_.call);
  absl::StatusOr<MachineEntry> entry = inventory_->GetMachine(wish.machine);
  if (!entry.ok() && !absl::IsNotFound(entry.status())) return entry.status();
  job.Report(0, "destroy");
  absl::Status removed;
  if (entry.ok()) {
    entry->stage = Stage::kDestroying;
    entry->operation = job.id();
    WEFT_RETURN_IF_ERROR(inventory_->PutMachine(*entry));
    removed = RemoveFrom(provider.get(), inventory_, *entry, deadline);
  } else {
    removed = provider->Destroy(wish.machine, deadline);
  }
  if (removed.ok() || !wish.force) {
    WEFT_RETURN_IF_ERROR(removed);
    return DestroyResult(wish, absl::OkStatus());
  }
  WEFT_RETURN_IF_ERROR(inventory_->RemoveMachine(wish.machine));
  return DestroyResult(wish, removed);
}

}  // namespace weft::provisioner
