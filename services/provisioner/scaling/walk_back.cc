// What is put back where a scaling fails, and what is not.
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/machine_work.h"
#include "services/provisioner/ports/machine_address.h"
#include "services/provisioner/scaling/walk.h"

namespace weft::provisioner {
namespace {

// Of one question to a provider that takes long.
constexpr absl::Duration kCall = absl::Minutes(2);

const MemberView* MemberOn(const Machine& machine, const GroupView& view) {
  for (const MachineAddress& address : machine.addresses) {
    const MemberView* const member = view.Find(HostPortOf(address));
    if (member != nullptr) return member;
  }
  return nullptr;
}

}  // namespace

// The machine was found by an address, which may be another's elsewhere.
absl::Status ScalingWalk::CheckCarriesNoMember(const std::string& machine) {
  const absl::StatusOr<MachineEntry> entry = ports_.inventory->GetMachine(machine);
  if (absl::IsNotFound(entry.status())) return absl::OkStatus();
  if (!entry.ok()) return entry.status();
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider,
                        ports_.directory->Open(entry->machine.provider_id));
  std::vector<MachineAddress> addresses = entry->machine.addresses;
  const absl::StatusOr<Machine> live = provider->Get(machine, Deadline::After(ports_.clock, kCall));
  if (live.ok()) {
    addresses.insert(addresses.end(), live->addresses.begin(), live->addresses.end());
  }
  return CheckNoMember(ports_.members, machine, addresses);
}

absl::Status ScalingWalk::DestroyMachine(const std::string& machine) {
  WEFT_RETURN_IF_ERROR(CheckCarriesNoMember(machine));
  if (job_->lost()) return absl::CancelledError("the operation is another's");
  return DestroyListed(ports_.directory, ports_.inventory, machine, job_->id(),
                       Deadline::After(ports_.clock, kCall));
}

void ScalingWalk::Reopen(const GroupView& view) {
  if (notes_.draining < 0) return;
  const auto step = static_cast<size_t>(notes_.draining);
  const MemberView* const member = view.Find(At(step).server);
  if (member == nullptr || member->server.mode != ServerMode::kOffline) return;
  if (!IsLegalMode(member->server.status, ServerMode::kReadOnly)) return;
  conductor_
      .Retry([&] {
        return ports_.editor->Update(At(step).server, {.mode = ServerMode::kReadOnly},
                                     conductor_.By(Id('b', step)));
      })
      .IgnoreError();
}

std::string ScalingWalk::PutBack(size_t step, const GroupView* view) {
  absl::StatusOr<MachineEntry> entry =
      conductor_.Retry([&] { return ports_.inventory->GetMachine(machines_[step]); });
  if (!entry.ok()) return "";
  const std::string machine = absl::StrCat("machine ", machines_[step]);
  if (entry->stage == Stage::kCreating) {
    return absl::StrCat(machine, " is put back by operation ", entry->operation);
  }
  const MemberView* const member = view == nullptr ? nullptr : MemberOn(entry->machine, *view);
  if (member != nullptr) {
    return absl::StrCat(member->server.address.ToString(), " is in the group as ",
                        ToString(member->server.status));
  }
  if (view == nullptr || notes_.joining == static_cast<int>(step)) {
    entry->stage = Stage::kOrphan;
    entry->operation = job_->id();
    entry->machine.detail = absl::StrCat("it may be a member of group ", job_->group());
    conductor_.Retry([&] { return ports_.inventory->PutMachine(*entry); }).IgnoreError();
    return absl::StrCat(machine, " may be in the group, and stays listed as an ORPHAN");
  }
  if (entry->stage == Stage::kOrphan) {
    return absl::StrCat(machine, " stays listed as an ORPHAN: ", entry->machine.detail);
  }
  return absl::StrCat(machine, DestroyMachine(machines_[step]).ok()
                                   ? " was destroyed again"
                                   : " could not be destroyed, and stays listed");
}

absl::Status ScalingWalk::GiveUp(const absl::Status& why) {
  conductor_.GivesUp();
  notes_.given_up = why;
  WEFT_RETURN_IF_ERROR(Keep());
  job_->Report(0, "put back");
  const absl::StatusOr<GroupView> view =
      conductor_.Retry([&] { return ports_.editor->Look(job_->group()); });
  if (job_->lost()) return why;
  if (view.ok()) Reopen(*view);
  std::string stands;
  for (size_t step = 0; step < wish_.steps.size(); ++step) {
    std::string one;
    if (At(step).kind == ScalingStep::Kind::kAdd) {
      one = PutBack(step, view.ok() ? &*view : nullptr);
    } else if (view.ok()) {
      one = absl::StrCat(At(step).address.ToString(),
                         view->Find(At(step).server) == nullptr ? " was removed" : " stays in it");
    }
    if (job_->lost()) return why;
    if (!one.empty()) absl::StrAppend(&stands, "; ", one);
  }
  absl::Status told(why.code(), absl::StrCat(why.message(), stands));
  if (const auto detail = GetErrorDetail(why); detail.has_value()) SetErrorDetail(told, *detail);
  return told;
}

}  // namespace weft::provisioner
