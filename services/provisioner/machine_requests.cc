#include "services/provisioner/machine_requests.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/version/version.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

constexpr int kMostMachines = 100;
constexpr absl::Duration kLongestReach = absl::Hours(2);
constexpr absl::Duration kAsk = absl::Seconds(30);

// Keys of meta that are Weft's own, as Fabric had them.
constexpr absl::string_view kOwnKeys = "mysql-fabric";
constexpr char kMark[] = "mysql-fabric";
constexpr char kVersion[] = "mysql-fabric-version";
constexpr char kMachineGroup[] = "mysql-fabric-machine-group-uuid";

bool IsUnderWay(const MachineEntry& entry) {
  return entry.stage == Stage::kCreating || entry.stage == Stage::kDestroying;
}

}  // namespace

absl::Status BadArgument(absl::string_view field, absl::string_view expected,
                         absl::string_view found) {
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_ARGUMENT",
                 absl::StrCat(field, " cannot be like that"), expected, found,
                 absl::StrCat("change ", field));
}

absl::Status CheckMeta(const Properties& meta) {
  for (const auto& [key, value] : meta) {
    if (absl::StartsWith(key, kOwnKeys)) {
      return BadArgument("meta", absl::StrCat("keys that do not begin with ", kOwnKeys), key);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Job> MachineRequests::Run(const char* kind, std::string request,
                                         const Caller& caller) {
  if (caller.validate_only) return Job();
  return runner_->Run({.kind = kind,
                       .request_id = caller.request_id,
                       .user = caller.user,
                       .request = std::move(request)});
}

absl::StatusOr<MachineRequests::Begun> MachineRequests::Begin(const char* kind, CreateWish wish,
                                                              const CreateOrder& order,
                                                              const Caller& asking) {
  Caller caller = asking;
  if (caller.request_id.empty()) caller.request_id = RandomUuid();
  if (order.count < 1 || order.count > kMostMachines) {
    return BadArgument("the number of machines", absl::StrCat("1 to ", kMostMachines),
                       absl::StrCat(order.count));
  }
  if (order.reach_timeout <= absl::ZeroDuration() || order.reach_timeout > kLongestReach) {
    return BadArgument("reach_timeout",
                       absl::StrCat("more than 0, at most ", absl::FormatDuration(kLongestReach)),
                       absl::FormatDuration(order.reach_timeout));
  }
  WEFT_RETURN_IF_ERROR(CheckMeta(order.like.meta));
  WEFT_RETURN_IF_ERROR(directory_->Open(wish.provider).status());
  MachineOrder like = order.like;
  like.meta[kMark] = "True";
  like.meta[kVersion] = std::string(Version());
  like.meta[kMachineGroup] = MachineUuidOf(caller.request_id, 0);
  Begun begun;
  for (int i = 1; i <= order.count; ++i) {
    like.uuid = MachineUuidOf(caller.request_id, i);
    wish.orders.push_back(like);
    Machine machine;
    machine.uuid = like.uuid;
    machine.provider_id = wish.provider;
    machine.meta = like.meta;
    begun.machines.push_back(std::move(machine));
  }
  wish.unlisted = order.unlisted;
  wish.wait = order.wait;
  wish.reach_timeout = order.reach_timeout;
  WEFT_ASSIGN_OR_RETURN(begun.job, Run(kind, ToJson(wish), caller));
  return begun;
}

absl::StatusOr<MachineRequests::Begun> MachineRequests::Create(const CreateOrder& order,
                                                               const Caller& caller) {
  CreateWish wish;
  wish.provider = order.provider;
  CreateOrder sealed = order;
  WEFT_ASSIGN_OR_RETURN(sealed.like.user_data,
                        directory_->CloseSecret(order.like.user_data, "user_data"));
  return Begin(kCreateMachines, std::move(wish), sealed, caller);
}

absl::StatusOr<MachineRequests::Begun> MachineRequests::Restore(const std::string& snapshot,
                                                                const CreateOrder& order,
                                                                const Caller& caller) {
  WEFT_ASSIGN_OR_RETURN(const SnapshotEntry entry, inventory_->GetSnapshot(snapshot));
  CreateWish wish;
  wish.provider = entry.provider_id;
  wish.snapshot = snapshot;
  return Begin(kRestoreSnapshot, std::move(wish), order, caller);
}

absl::Status MachineRequests::MarkOrphans(std::vector<MachineEntry>* entries) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<Job> jobs, inventory_->ListJobs());
  std::set<std::string> running;
  for (const Job& job : jobs) running.insert(job.id);
  for (MachineEntry& entry : *entries) {
    if (!IsUnderWay(entry) || running.count(entry.operation) > 0) continue;
    entry.stage = Stage::kOrphan;
    entry.machine.detail = absl::StrCat("operation ", entry.operation,
                                        " has ended without seeing it made or destroyed");
  }
  return absl::OkStatus();
}

absl::StatusOr<MachineEntry> MachineRequests::Get(const std::string& uuid) {
  WEFT_ASSIGN_OR_RETURN(MachineEntry entry, inventory_->GetMachine(uuid));
  std::vector<MachineEntry> entries = {std::move(entry)};
  WEFT_RETURN_IF_ERROR(MarkOrphans(&entries));
  return std::move(entries.front());
}

absl::StatusOr<std::vector<MachineEntry>> MachineRequests::List(const std::string& provider) {
  if (!provider.empty()) WEFT_RETURN_IF_ERROR(inventory_->GetProvider(provider).status());
  WEFT_ASSIGN_OR_RETURN(std::vector<MachineEntry> entries, inventory_->ListMachines(provider));
  WEFT_RETURN_IF_ERROR(MarkOrphans(&entries));
  return entries;
}

absl::StatusOr<std::vector<Machine>> MachineRequests::Search(const std::string& provider,
                                                             const Properties& filters,
                                                             const Properties& meta) {
  if (provider.empty()) return BadArgument("provider", "the one that is to be asked", "none");
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> opened, directory_->Open(provider));
  WEFT_ASSIGN_OR_RETURN(std::vector<Machine> machines,
                        opened->Search(filters, meta, Deadline::After(clock_, kAsk)));
  for (Machine& machine : machines) machine.provider_id = provider;
  return machines;
}

absl::StatusOr<std::string> MachineRequests::ProviderOf(const std::string& machine,
                                                        const std::string& provider,
                                                        bool unlisted) {
  if (!provider.empty()) WEFT_RETURN_IF_ERROR(inventory_->GetProvider(provider).status());
  const absl::StatusOr<MachineEntry> entry = inventory_->GetMachine(machine);
  if (absl::IsNotFound(entry.status()) && unlisted && !provider.empty()) return provider;
  if (!entry.ok()) return entry.status();
  const std::string& own = entry->machine.provider_id;
  if (!provider.empty() && provider != own) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "OTHER_PROVIDER",
                   absl::StrCat("machine ", machine, " is of another provider"), provider, own,
                   "name that one, or none");
  }
  return own;
}

absl::Status MachineRequests::CheckIdle(const MachineEntry& entry) {
  std::vector<MachineEntry> entries = {entry};
  WEFT_RETURN_IF_ERROR(MarkOrphans(&entries));
  if (!IsUnderWay(entries.front())) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "MACHINE_BUSY",
                 absl::StrCat("another operation works on machine ", entry.machine.uuid),
                 "a machine that stands", absl::StrCat("operation ", entry.operation),
                 absl::StrCat("wait for it, or end it: weft operation cancel ", entry.operation));
}

absl::Status MachineRequests::CheckNoMember(const std::string& machine, const std::string& provider,
                                            const absl::StatusOr<MachineEntry>& entry) {
  std::vector<MachineAddress> addresses;
  if (entry.ok()) addresses = entry->machine.addresses;
  // Listed without any: nobody saw it stand.
  if (addresses.empty()) {
    WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> opened, directory_->Open(provider));
    const absl::StatusOr<Machine> live = opened->Get(machine, Deadline::After(clock_, kAsk));
    if (absl::IsNotFound(live.status())) return absl::OkStatus();
    if (!live.ok()) return live.status();
    addresses = live->addresses;
  }
  return provisioner::CheckNoMember(members_, machine, addresses);
}

absl::StatusOr<Job> MachineRequests::Destroy(const DestroyOrder& order, const Caller& caller) {
  DestroyWish wish;
  wish.machine = order.machine;
  wish.force = order.force;
  const absl::StatusOr<std::string> provider =
      ProviderOf(order.machine, order.provider, order.unlisted);
  // A repeated request finds nothing any more, but its answer.
  if (absl::IsNotFound(provider.status()) && !caller.request_id.empty()) {
    WEFT_ASSIGN_OR_RETURN(const std::optional<Job> earlier,
                          inventory_->FindByRequest(caller.request_id));
    if (earlier.has_value() && earlier->kind == kDestroyMachine) return *earlier;
  }
  if (!provider.ok()) return provider.status();
  wish.provider = *provider;
  const std::string request = ToJson(wish);
  const absl::StatusOr<MachineEntry> entry = inventory_->GetMachine(order.machine);
  if (entry.ok()) {
    const absl::Status idle = CheckIdle(*entry);
    // It may be this very request that works on it.
    if (!idle.ok() && caller.request_id.empty()) return idle;
    if (!idle.ok()) {
      WEFT_ASSIGN_OR_RETURN(const std::optional<Job> earlier,
                            inventory_->FindByRequest(caller.request_id));
      if (!earlier.has_value()) return idle;
    }
  }
  if (!order.force) WEFT_RETURN_IF_ERROR(CheckNoMember(order.machine, wish.provider, entry));
  return Run(kDestroyMachine, request, caller);
}

absl::StatusOr<Job> MachineRequests::CreateSnapshot(const SnapshotOrder& order,
                                                    const Caller& caller) {
  SnapshotWish wish;
  wish.machine = order.machine;
  wish.keep = order.keep;
  wish.unlisted = order.unlisted;
  if (order.keep < 0) return BadArgument("keep", "0 or more", absl::StrCat(order.keep));
  WEFT_ASSIGN_OR_RETURN(wish.provider, ProviderOf(order.machine, order.provider, order.unlisted));
  const absl::StatusOr<MachineEntry> entry = inventory_->GetMachine(order.machine);
  if (entry.ok()) WEFT_RETURN_IF_ERROR(CheckIdle(*entry));
  return Run(kCreateSnapshot, ToJson(wish), caller);
}

absl::StatusOr<std::vector<SnapshotEntry>> MachineRequests::ListSnapshots(
    const std::string& provider, const std::string& machine) {
  if (!provider.empty()) WEFT_RETURN_IF_ERROR(inventory_->GetProvider(provider).status());
  return inventory_->ListSnapshots(provider, machine);
}

absl::StatusOr<Job> MachineRequests::DestroySnapshots(const SnapshotOrder& order,
                                                      const Caller& caller) {
  SnapshotWish wish;
  wish.machine = order.machine;
  wish.unlisted = order.unlisted;
  if (order.name.empty() == order.machine.empty()) {
    return BadArgument("the request", "a snapshot or a machine", "both, or neither");
  }
  if (!order.name.empty()) {
    WEFT_ASSIGN_OR_RETURN(const SnapshotEntry entry, inventory_->GetSnapshot(order.name));
    wish.provider = entry.provider_id;
    wish.machine = entry.snapshot.machine_uuid;
    wish.names = {order.name};
    return Run(kDestroySnapshots, ToJson(wish), caller);
  }
  // The machine may be gone, and its snapshots there.
  WEFT_ASSIGN_OR_RETURN(const std::vector<SnapshotEntry> listed,
                        inventory_->ListSnapshots(order.provider, order.machine));
  if (!listed.empty()) {
    wish.provider = listed.front().provider_id;
  } else {
    WEFT_ASSIGN_OR_RETURN(wish.provider, ProviderOf(order.machine, order.provider, order.unlisted));
  }
  return Run(kDestroySnapshots, ToJson(wish), caller);
}

}  // namespace weft::provisioner
