#include "services/provisioner/mysql/inventory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/provisioner/mysql/inventory_rows.h"
#include "services/provisioner/mysql/inventory_sql.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

namespace sql = inventory_sql;

// What schema/0006_provisioner.sql signals, and numbers of the server.
constexpr int kClaimMoved = 50016;
constexpr int kRowIsReferenced = 1451;
constexpr int kNoReferencedRow = 1452;
constexpr int kRoutineUnknown = 1305;
constexpr int kTries = 2;
constexpr absl::Duration kBetween = absl::Milliseconds(200);

mysql::ConnectOptions LoginOf(const MysqlInventory::Options& options) {
  mysql::ConnectOptions connect = options.connect;
  connect.database = options.database;
  connect.connect_timeout = options.connect_timeout;
  connect.statement_timeout = options.statement_timeout;
  // The client library's own clocks: only a second line of defence.
  connect.read_timeout = options.statement_timeout + absl::Seconds(1);
  connect.write_timeout = options.statement_timeout + absl::Seconds(1);
  connect.lock_wait_timeout = absl::Seconds(1);
  return connect;
}

bool IsMissingSchema(int code) {
  return code == mysql::kErrUnknownDatabase || code == mysql::kErrUnknownTable ||
         code == kRoutineUnknown;
}

absl::Status WrongSchema(absl::string_view found) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "SCHEMA_OLDER",
                 "the state store's schema is not one that this provisioner can work with",
                 absl::StrCat("schema version ", kSchemaVersion), found,
                 "migrate it: weft manage setup; or use another release of Weft");
}

// An error of the server or of the way to it, for callers.
absl::Status Translate(const absl::Status& status) {
  const int code = mysql::MysqlErrorCode(status);
  if (status.ok() || code == 0) return status;
  if (IsMissingSchema(code)) return WrongSchema(status.message());
  const mysql::Contact contact = mysql::ClassifyContact(status);
  if (contact == mysql::Contact::kRejected &&
      (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status))) {
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "STORE_LOGIN",
        absl::StrCat("the state store does not let the provisioner in: ", status.message()),
        "a login that the state store accepts", status.message(),
        "check --store-user, --store-password-file and --mysql-ca");
  }
  if (contact == mysql::Contact::kAnswered && !absl::IsAborted(status)) {
    return Annotate(status, "the state store");
  }
  return Refusal(absl::StatusCode::kUnavailable, kStoreUnavailableReason,
                 absl::StrCat("the state store cannot do it now: ", status.message()),
                 "a state store that answers", status.message(),
                 "start it, or wait; weft node status shows it");
}

}  // namespace

MysqlInventory::MysqlInventory(const Options& options)
    : options_(options),
      pool_({.connect = LoginOf(options), .max_sessions = options.max_sessions}, options.clock,
            [this](const mysql::ConnectOptions& connect) { return Open(connect); }) {}

absl::StatusOr<std::unique_ptr<mysql::Session>> MysqlInventory::Open(
    const mysql::ConnectOptions& to) {
  mysql::ConnectOptions connect = to;
  const bool replicated = options_.members.size() > 1;
  absl::Status last;
  for (const HostPort& member : options_.members) {
    connect.host = member.host;
    connect.port = member.port;
    absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
    if (!session.ok()) {
      last = session.status();
      continue;
    }
    if (replicated) {
      const absl::StatusOr<mysql::ResultSet> rows = (*session)->Query(sql::kTakesWrites);
      const bool leads = rows.ok() && !rows->empty() && rows->front().BoolOr("writable", false) &&
                         rows->front().IntOr("leads", 0) == 1 &&
                         rows->front().IntOr("online", 0) * 2 > rows->front().IntOr("members", 0);
      if (!leads) continue;
      WEFT_RETURN_IF_ERROR((*session)->Execute(sql::kReadAfterFailover));
    }
    WEFT_RETURN_IF_ERROR((*session)->Execute(sql::kPrepareSession));
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet schema, (*session)->Query(sql::kSchemaAdditions));
    const int64_t found = schema.empty() ? 0 : schema.front().IntOr("version", 0);
    const int64_t bears = schema.empty() ? 0 : schema.front().IntOr("compatible_from", 0);
    if (found < kSchemaVersion || bears > kSchemaVersion) {
      return WrongSchema(absl::StrCat("version ", found));
    }
    return session;
  }
  if (!last.ok() && !replicated) return last;
  return Refusal(absl::StatusCode::kUnavailable, kStoreHasNoPrimaryReason,
                 absl::StrCat("no member of the state store takes writes", last.ok() ? "" : ": ",
                              last.message()),
                 "a primary with a majority", "none", "start the missing members");
}

template <typename T>
absl::StatusOr<T> MysqlInventory::Patiently(const std::function<absl::StatusOr<T>()>& attempt) {
  const Deadline deadline = Deadline::After(options_.clock, options_.patience);
  while (true) {
    absl::StatusOr<T> result = attempt();
    if (!IsStoreAway(Translate(result.status())) || deadline.Passed()) return result;
    options_.clock->Sleep(std::min(kBetween, deadline.Remaining()));
  }
}

absl::StatusOr<mysql::ResultSet> MysqlInventory::Query(absl::string_view statement,
                                                       const mysql::Params& params) {
  return Patiently<mysql::ResultSet>([&] { return QueryOnce(statement, params); });
}

absl::StatusOr<uint64_t> MysqlInventory::Write(absl::string_view statement,
                                               const mysql::Params& params) {
  return Patiently<uint64_t>([&] { return WriteOnce(statement, params); });
}

absl::StatusOr<mysql::ResultSet> MysqlInventory::QueryOnce(absl::string_view statement,
                                                           const mysql::Params& params) {
  absl::StatusOr<mysql::ResultSet> rows;
  for (int i = 0; i < kTries; ++i) {
    absl::StatusOr<mysql::Pool::Lease> session = pool_.Acquire();
    if (!session.ok()) return Translate(session.status());
    rows = (*session)->Query(statement, params);
    if (rows.ok() || !(*session)->broken()) break;
  }
  if (!rows.ok()) return Translate(rows.status());
  return rows;
}

absl::StatusOr<uint64_t> MysqlInventory::WriteOnce(absl::string_view statement,
                                                   const mysql::Params& params) {
  absl::StatusOr<uint64_t> changed;
  for (int i = 0; i < kTries; ++i) {
    absl::StatusOr<mysql::Pool::Lease> session = pool_.Acquire();
    if (!session.ok()) return Translate(session.status());
    changed = (*session)->Execute(statement, params);
    if (changed.ok()) return changed;
    // Also where the primary is another server by now.
    const bool again = (*session)->broken() || absl::IsAborted(changed.status()) ||
                       mysql::MysqlErrorCode(changed.status()) == mysql::kErrReadOnlyOption;
    if (!again) break;
    session->set_discard();
  }
  return changed;
}

absl::Status MysqlInventory::WriteClaim(absl::string_view statement, const mysql::Params& params,
                                        const std::string& id) {
  const absl::StatusOr<uint64_t> changed = Write(statement, params);
  if (mysql::MysqlErrorCode(changed.status()) == kClaimMoved) return ClaimMoved(id);
  WEFT_RETURN_IF_ERROR(Translate(changed.status()));
  return *changed > 0 ? absl::OkStatus() : ClaimMoved(id);
}

absl::Status MysqlInventory::Check() { return Query(sql::kSchemaAdditions, {}).status(); }

absl::Status MysqlInventory::AddProvider(const ProviderEntry& entry) {
  const absl::Status status = Write(sql::kAddProvider, ProviderParams(entry)).status();
  if (mysql::MysqlErrorCode(status) == mysql::kErrDuplicateKey) {
    return ProviderExists(entry.record.id);
  }
  return Translate(status);
}

absl::Status MysqlInventory::RemoveProvider(const std::string& id) {
  const absl::StatusOr<uint64_t> changed = Write(sql::kRemoveProvider, {id});
  if (mysql::MysqlErrorCode(changed.status()) == kRowIsReferenced) return ProviderInUse(id);
  WEFT_RETURN_IF_ERROR(Translate(changed.status()));
  return *changed > 0 ? absl::OkStatus() : UnknownProvider(id);
}

absl::StatusOr<std::vector<ProviderEntry>> MysqlInventory::ListProviders() {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kListProviders, {}));
  std::vector<ProviderEntry> entries;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(ProviderEntry entry, ReadProviderRow(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<ProviderEntry> MysqlInventory::GetProvider(const std::string& id) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kGetProvider, {id}));
  if (rows.empty()) return UnknownProvider(id);
  return ReadProviderRow(rows.front());
}

absl::Status MysqlInventory::PutMachine(const MachineEntry& entry) {
  const absl::Status status = Write(sql::kPutMachine, MachineParams(entry)).status();
  if (mysql::MysqlErrorCode(status) == kNoReferencedRow) {
    return UnknownProvider(entry.machine.provider_id);
  }
  return Translate(status);
}

absl::Status MysqlInventory::RemoveMachine(const std::string& uuid) {
  return Translate(Write(sql::kRemoveMachine, {uuid}).status());
}

absl::StatusOr<MachineEntry> MysqlInventory::GetMachine(const std::string& uuid) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kGetMachine, {uuid}));
  if (rows.empty()) return UnknownMachine(uuid);
  return ReadMachineRow(rows.front());
}

absl::StatusOr<std::vector<MachineEntry>> MysqlInventory::ListMachines(
    const std::string& provider) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Query(sql::kListMachines, {provider, provider}));
  std::vector<MachineEntry> entries;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(MachineEntry entry, ReadMachineRow(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::Status MysqlInventory::PutSnapshot(const SnapshotEntry& entry) {
  const absl::Status status = Write(sql::kPutSnapshot, SnapshotParams(entry)).status();
  if (mysql::MysqlErrorCode(status) == kNoReferencedRow) return UnknownProvider(entry.provider_id);
  return Translate(status);
}

absl::Status MysqlInventory::RemoveSnapshot(const std::string& name) {
  return Translate(Write(sql::kRemoveSnapshot, {name}).status());
}

absl::StatusOr<SnapshotEntry> MysqlInventory::GetSnapshot(const std::string& name) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kGetSnapshot, {name}));
  if (rows.empty()) return UnknownSnapshot(name);
  return ReadSnapshotRow(rows.front());
}

absl::StatusOr<std::vector<SnapshotEntry>> MysqlInventory::ListSnapshots(
    const std::string& provider, const std::string& machine) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Query(sql::kListSnapshots, {provider, provider, machine, machine}));
  std::vector<SnapshotEntry> entries;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(SnapshotEntry entry, ReadSnapshotRow(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::Status MysqlInventory::BeginJob(const Job& job) {
  const absl::Status status =
      Write(sql::kBeginJob, {job.id, job.kind, job.group, job.server, job.request_id, job.user,
                             job.phase, TimeText(job.created), job.holder, job.request, job.notes})
          .status();
  if (mysql::MysqlErrorCode(status) == mysql::kErrDuplicateKey) return RequestKnown(job.request_id);
  return Translate(status);
}

absl::StatusOr<std::vector<Job>> MysqlInventory::ListJobs() {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kListJobs, {}));
  std::vector<Job> jobs;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(Job job, ReadJobRow(row));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

absl::StatusOr<Job> MysqlInventory::GetJob(const std::string& id) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kGetJob, {id}));
  if (rows.empty()) return UnknownOperation(id);
  return ReadJobRow(rows.front());
}

absl::StatusOr<std::optional<Job>> MysqlInventory::FindByRequest(const std::string& request_id) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Query(sql::kFindByRequest, {request_id}));
  if (rows.empty()) return std::optional<Job>();
  WEFT_ASSIGN_OR_RETURN(Job job, ReadJobRow(rows.front()));
  return std::optional<Job>(std::move(job));
}

absl::Status MysqlInventory::RenewJob(const std::string& id, const std::string& holder) {
  return WriteClaim(sql::kRenewJob, {id, holder}, id);
}

absl::Status MysqlInventory::TakeJob(const Job& seen, const std::string& holder) {
  return WriteClaim(sql::kTakeJob, {holder, seen.id, seen.holder, seen.renewal}, seen.id);
}

absl::Status MysqlInventory::YieldJob(const std::string& id, const std::string& holder) {
  return WriteClaim(sql::kYieldJob, {id, holder}, id);
}

absl::Status MysqlInventory::KeepNotes(const std::string& id, const std::string& holder,
                                       const std::string& notes) {
  return WriteClaim(sql::kKeepNotes, {notes, id, holder}, id);
}

absl::Status MysqlInventory::ReportJob(const Job& job) {
  const absl::Status status =
      Write(sql::kReportJob,
            {job.id, job.holder, ToString(job.state), job.progress, job.phase, job.error_reason,
             job.error_message, job.result, TimeText(job.updated)})
          .status();
  if (mysql::MysqlErrorCode(status) == kClaimMoved) return ClaimMoved(job.id);
  return Translate(status);
}

absl::Status MysqlInventory::EndUnclaimed(const std::vector<std::string>& kinds, absl::Time now) {
  return Translate(Write(sql::kEndUnclaimed, {kInterruptedReason, kInterruptedMessage,
                                              TimeText(now), TextsAsJson(kinds)})
                       .status());
}

}  // namespace weft::provisioner
