#include "services/controller/node_requests.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/accounts.h"
#include "services/controller/backup_file.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/rotating_secret.h"

namespace weft::controller {

namespace {

// How long a restore waits for the term after it.
constexpr absl::Duration kNextTerm = absl::Seconds(10);
// How many a refusal names.
constexpr size_t kMachinesNamed = 5;

absl::Status CheckDuty(const std::string& duty) {
  std::vector<absl::string_view> known;
  known.reserve(std::size(kDuties));
  for (const Duty one : kDuties) known.push_back(DutyName(one));
  if (std::find(known.begin(), known.end(), duty) != known.end()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_DUTY",
                         absl::StrCat("there is no account for the duty '", duty, "'"),
                         absl::StrJoin(known, ", "), duty, "name one of these");
}

std::vector<InventoryRow> MachinesOf(const StoreImage& image) {
  const auto rows = image.inventory.find("machine");
  return rows == image.inventory.end() ? std::vector<InventoryRow>() : rows->second;
}

absl::Status NoPasswordFile(const std::string& duty) {
  const std::string flag = absl::StrCat("--", duty, "-password-file");
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "NO_PASSWORD_FILE",
      absl::StrCat("the controller does not know where the password of '", duty, "' is kept"),
      absl::StrCat("a controller started with ", flag), absl::StrCat("one without ", flag),
      absl::StrCat("start the controller with ", flag, "=FILE, and rotate again"));
}

}  // namespace

NodeRequests::Status NodeRequests::Get() {
  Status status;
  status.version = options_.version;
  status.store_address = options_.store_address;
  const absl::StatusOr<SchemaStatus> schema = ports_.store->Schema();
  status.store = schema.status();
  if (schema.ok()) status.schema = *schema;
  status.lease = ports_.reconciler->lease();
  status.leading = ports_.reconciler->leading();
  status.uptime = ports_.clock->MonotonicNow() - started_;
  for (const Group& group : ports_.reconciler->CachedAll()) {
    ++status.groups;
    status.restored_groups += group.restored ? 1 : 0;
  }
  status.monitors = ports_.health->LiveObservers();
  if (schema.ok() && schema->found > 0) {
    if (auto failover = ports_.store->LoadFailoverSwitch(); failover.ok()) {
      status.failover = *std::move(failover);
    }
  }
  return status;
}

absl::Status NodeRequests::CheckMembers(const std::vector<std::string>& members) const {
  const std::vector<std::string> known = absl::StrSplit(options_.store_address, ',');
  if (members.empty() || std::set<std::string>(members.begin(), members.end()) ==
                             std::set<std::string>(known.begin(), known.end())) {
    return absl::OkStatus();
  }
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "OTHER_STORE",
      "the controller was started with another state store", absl::StrJoin(members, ","),
      options_.store_address,
      absl::StrCat("start every controller with --store=", absl::StrJoin(members, ",")));
}

absl::StatusOr<NodeRequests::Status> NodeRequests::SetUp(const std::vector<std::string>& members,
                                                         bool check_only) {
  WEFT_RETURN_IF_ERROR(CheckMembers(members));
  std::vector<StoreDeviation> deviations = ports_.store->Inspect();
  if (!check_only) {
    const bool unfit = std::any_of(deviations.begin(), deviations.end(),
                                   [](const StoreDeviation& one) { return one.blocks; });
    if (unfit) return StoreUnfit(deviations);
    WEFT_RETURN_IF_ERROR(ports_.store->SetUp());
    // So that who set it up may go on at once.
    ports_.reconciler->AwaitLeader(absl::Seconds(3));
  }
  Status status = Get();
  status.deviations = std::move(deviations);
  return status;
}

absl::StatusOr<NodeRequests::Backup> NodeRequests::BackUp() {
  WEFT_ASSIGN_OR_RETURN(const StoreImage image, ports_.store->BackUp(ports_.clock->Now()));
  return Backup{EncodeBackup(image), image.taken, static_cast<int>(image.groups.size()),
                static_cast<int>(MachinesOf(image).size())};
}

absl::StatusOr<NodeRequests::Status> NodeRequests::Restore(const std::string& backup,
                                                           bool surrender, const Caller& caller) {
  WEFT_ASSIGN_OR_RETURN(const StoreImage image, DecodeBackup(backup));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  const uint64_t term = ports_.reconciler->lease().term;
  WEFT_RETURN_IF_ERROR(ports_.store->Restore(image, surrender, ports_.clock->Now()));
  WEFT_LOG(kWarning, "a backup was restored",
           {{"taken", absl::FormatTime(image.taken)}, {"user", caller.user}});
  Event event;
  event.kind = "change";
  event.user = caller.user;
  event.text = absl::StrCat("the state store was restored from a backup of ",
                            absl::FormatTime(absl::RFC3339_sec, image.taken, absl::UTCTimeZone()),
                            ", with ", image.groups.size(), " groups");
  // The term that it was done under has ended; whoever leads next reads what was restored.
  const Deadline deadline = Deadline::After(ports_.clock, kNextTerm);
  while (ports_.reconciler->lease().term == term && !deadline.Passed()) {
    ports_.clock->Sleep(absl::Milliseconds(20));
  }
  ports_.reconciler->AwaitLeader(deadline.Remaining());
  ports_.reconciler->journal().Append(std::move(event));
  return Get();
}

absl::Status NodeRequests::CheckNoMachines() {
  const absl::StatusOr<StoreImage> image = ports_.store->BackUp(ports_.clock->Now());
  // What nobody can read, for want of a schema that fits, may be torn down all the same.
  if (!image.ok()) return absl::IsUnavailable(image.status()) ? image.status() : absl::OkStatus();
  const std::vector<InventoryRow> rows = MachinesOf(*image);
  if (rows.empty()) return absl::OkStatus();
  const size_t shown = std::min(rows.size(), kMachinesNamed);
  std::string named = absl::StrJoin(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), ", ",
      [](std::string* out, const InventoryRow& row) { absl::StrAppend(out, row.at("uuid")); });
  if (shown < rows.size()) absl::StrAppend(&named, " and ", rows.size() - shown, " more");
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "MACHINES_LISTED",
      absl::StrCat("machines that Weft made would run on, listed nowhere: ", rows.size()),
      "no machines", named,
      "destroy them first (weft machine destroy MACHINE), or give them up (weft manage teardown "
      "--abandon-machines); weft manage backup FILE keeps the list");
}

absl::StatusOr<NodeRequests::Status> NodeRequests::TearDown(const std::string& confirmation,
                                                            bool abandon_machines) {
  if (confirmation != kConfirmation) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "NOT_CONFIRMED",
                           "a tear-down destroys all that Weft knows, and has to be confirmed",
                           kConfirmation, confirmation.empty() ? "nothing" : confirmation,
                           absl::StrCat("confirm with: ", kConfirmation));
  }
  // Where nobody can lead, for want of a schema that fits, it may be torn down all the same.
  const absl::Status leads = ports_.reconciler->CheckLeading();
  if (ErrorReason(leads) == "NOT_LEADING") return leads;
  if (!abandon_machines) WEFT_RETURN_IF_ERROR(CheckNoMachines());
  WEFT_RETURN_IF_ERROR(ports_.store->TearDown());
  ports_.reconciler->DropAll();
  return Get();
}

absl::StatusOr<std::vector<ServerUuid>> NodeRequests::CheckAllAnswer() {
  std::vector<ServerUuid> servers;
  std::vector<std::string> silent;
  for (const Group& group : ports_.reconciler->CachedAll()) {
    WEFT_ASSIGN_OR_RETURN(const auto look, ports_.reconciler->Look(group.id));
    for (const Server& server : group.servers) {
      servers.push_back(server.uuid);
      const Observation& seen = look.snapshot.Of(server.uuid);
      if (!seen.reached())
        silent.push_back(absl::StrCat(server.address.ToString(), " of group ", group.id));
    }
  }
  if (silent.empty()) return servers;
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "SERVERS_SILENT",
      absl::StrCat("a server that does not answer now would lock Weft out when it is back: ",
                   absl::StrJoin(silent, ", ")),
      "an answer of every server", absl::StrCat(silent.size(), " silent"),
      "start them, or remove them from their groups, and ask again");
}

absl::Status NodeRequests::RotateEverywhere(const std::string& duty, const std::string& file) {
  MutexLock lock(&rotating_);
  WEFT_ASSIGN_OR_RETURN(const std::string password, NextSecret(file));
  for (const Group& group : ports_.reconciler->CachedAll()) {
    const absl::Status status =
        ports_.farm->RotatePassword(group, duty, password, options_.rotate_deadline);
    if (status.ok()) continue;
    return Annotate(status, absl::StrCat("the password of ", duty, " is not changed everywhere (",
                                         "ask again to complete it): group ", group.id));
  }
  return AdoptNextSecret(file);
}

absl::StatusOr<std::vector<ServerUuid>> NodeRequests::Rotate(const std::string& duty,
                                                             const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_RETURN_IF_ERROR(CheckDuty(duty));
  const auto file = options_.password_files.find(duty);
  if (file == options_.password_files.end()) return NoPasswordFile(duty);
  WEFT_ASSIGN_OR_RETURN(const std::vector<ServerUuid> servers, CheckAllAnswer());
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(
      caller, "rotate", "", "", [&](bool) { return RotateEverywhere(duty, file->second); }));
  return servers;
}

}  // namespace weft::controller
