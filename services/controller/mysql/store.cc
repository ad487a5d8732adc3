#include "services/controller/mysql/store.h"

#include <limits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/ids.h"
#include "services/controller/mysql/store_guard_rows.h"
#include "services/controller/mysql/store_rows.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/mysql/store_steps.h"
#include "services/controller/ports/record_steps.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {
namespace {

constexpr size_t kLeaseSessions = 2;
// Above prune_every, so that the tables shrink to their bounds.
constexpr int kPruneAtOnce = 1000;

MysqlStoreOptions Completed(MysqlStoreOptions options) {
  if (options.clock == nullptr) options.clock = RealClock::Get();
  if (!options.random) options.random = RandomUnit;
  if (options.migrations == nullptr) options.migrations = &StoreMigrations();
  mysql::ConnectOptions& connect = options.connect;
  connect.database = options.database;
  connect.connect_timeout = options.connect_timeout;
  connect.statement_timeout = options.statement_timeout;
  // The client library's own clocks: only a second line of defence.
  connect.read_timeout = options.statement_timeout + absl::Seconds(1);
  connect.write_timeout = options.statement_timeout + absl::Seconds(1);
  connect.lock_wait_timeout = absl::Seconds(1);
  return options;
}

int LatestOf(const std::vector<Migration>& migrations) {
  return migrations.empty() ? 0 : migrations.back().version;
}

std::unique_ptr<StoreCluster> ClusterOf(const MysqlStoreOptions& options) {
  if (options.members.empty()) return nullptr;
  StoreCluster::Options cluster;
  cluster.members = options.members;
  cluster.connect = options.connect;
  cluster.clock = options.clock;
  return std::make_unique<StoreCluster>(cluster);
}

StoreSessions::Options SessionsOf(const MysqlStoreOptions& options, size_t max_sessions,
                                  LostWrites* lost, StorePlace* place) {
  return {.connect = options.connect,
          .max_sessions = max_sessions,
          .acquire_timeout = options.acquire_timeout,
          .call_timeout = options.statement_timeout,
          .schema_version = LatestOf(*options.migrations),
          .clock = options.clock,
          .random = options.random,
          .lost = lost,
          .place = place};
}

uint64_t Before(uint64_t sequence) {
  return sequence == 0 ? std::numeric_limits<uint64_t>::max() : sequence;
}

}  // namespace

MysqlStore::MysqlStore(const Options& options)
    : options_(Completed(options)),
      migrations_(*options_.migrations),
      connect_(options_.connect),
      server_({options_.connect.host, static_cast<uint16_t>(options_.connect.port)}),
      cluster_(ClusterOf(options_)),
      place_(cluster_ != nullptr ? static_cast<StorePlace*>(cluster_.get()) : &server_),
      records_(SessionsOf(options_, options_.max_sessions, &lost_, place_)),
      reports_(SessionsOf(options_, (options_.max_sessions + 1) / 2, &lost_, place_)),
      leases_(SessionsOf(options_, kLeaseSessions, &lost_leases_, place_)) {}

MysqlStore::~MysqlStore() = default;

mysql::ConnectOptions MysqlStore::Login() {
  MutexLock lock(&mutex_);
  return connect_;
}

void MysqlStore::SetLogin(const std::string& user, const std::string& password) {
  {
    MutexLock lock(&mutex_);
    connect_.user = user;
    connect_.password = password;
  }
  if (cluster_ != nullptr) cluster_->SetLogin(user, password);
  ResetSessions();
}

std::vector<MemberAnswer> MysqlStore::Members() {
  return cluster_ == nullptr ? std::vector<MemberAnswer>() : cluster_->Answers();
}

void MysqlStore::ResetSessions() {
  const mysql::ConnectOptions connect = Login();
  for (StoreSessions* const sessions : {&records_, &reports_, &leases_}) sessions->Reset(connect);
}

absl::StatusOr<std::unique_ptr<mysql::Session>> MysqlStore::OpenForSetUp() {
  WEFT_ASSIGN_OR_RETURN(const HostPort place, place_->Find());
  mysql::ConnectOptions connect = Login();
  connect.host = place.host;
  connect.port = place.port;
  connect.database.clear();
  connect.statement_timeout = options_.set_up_timeout;
  connect.read_timeout = options_.set_up_timeout + absl::Seconds(1);
  absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
  if (!session.ok()) return ContactFailure(session.status());
  return session;
}

absl::Status MysqlStore::SetUp() {
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenForSetUp());
  absl::Status status =
      Migrate(*session, options_.database, options_.set_up_lock_wait, migrations_);
  ResetSessions();
  return session->broken() ? OutcomeUnknown(status.message()) : status;
}

absl::Status MysqlStore::TearDown() {
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenForSetUp());
  absl::Status status = DropSchema(*session, options_.database, options_.set_up_lock_wait);
  ResetSessions();
  return session->broken() ? OutcomeUnknown(status.message()) : status;
}

absl::StatusOr<SchemaStatus> MysqlStore::Schema() {
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenForSetUp());
  const absl::StatusOr<int> found = FindSchemaVersion(*session, options_.database);
  if (!found.ok()) return session->broken() ? ContactFailure(found.status()) : found.status();
  SchemaStatus schema{.found = *found, .expected = LatestOf(migrations_)};
  if (schema.found < schema.expected) return schema;
  const absl::StatusOr<mysql::ResultSet> state = session->Query(store_sql::kIncarnation);
  if (state.ok() && !state->empty()) schema.incarnation = state->front().UintOr("incarnation", 0);
  return schema;
}

absl::StatusOr<mysql::ResultSet> MysqlStore::Read(StoreSessions& sessions, absl::string_view sql,
                                                  const mysql::Params& params) {
  absl::StatusOr<mysql::ResultSet> rows = sessions.Read(sql, params);
  if (!rows.ok()) return StatementFailure(rows.status(), Wanted());
  return rows;
}

absl::Status MysqlStore::Write(StoreSessions& sessions, absl::string_view sql, mysql::Params params,
                               Wanted wanted) {
  wanted.term = term_.load(std::memory_order_acquire);
  params.insert(params.begin(), wanted.term);
  return StatementFailure(sessions.Write(sql, params).status(), wanted);
}

absl::StatusOr<Lease> MysqlStore::ReadLease() {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Read(leases_, store_sql::kReadLease, {}));
  if (rows.empty()) return SchemaMissing(LatestOf(migrations_));
  return ReadLeaseRow(rows.front());
}

absl::StatusOr<Lease> MysqlStore::SwapLease(absl::string_view sql, const mysql::Params& params,
                                            const Lease& seen, const Lease& wanted) {
  const absl::StatusOr<uint64_t> changed = leases_.Write(sql, params);
  if (!changed.ok()) return StatementFailure(changed.status(), Wanted());
  if (*changed == 1) return wanted;
  WEFT_ASSIGN_OR_RETURN(const Lease found, ReadLease());
  return LeaseMoved(seen, found);
}

absl::StatusOr<Lease> MysqlStore::TakeLease(const Lease& seen, const std::string& holder) {
  return SwapLease(store_sql::kTakeLease,
                   {StoredText(holder), seen.holder, seen.term, seen.renewal}, seen,
                   {StoredText(holder), seen.term + 1, seen.renewal + 1});
}

absl::StatusOr<Lease> MysqlStore::RenewLease(const Lease& held) {
  return SwapLease(store_sql::kRenewLease, {held.holder, held.term, held.renewal}, held,
                   {held.holder, held.term, held.renewal + 1});
}

void MysqlStore::SetTerm(uint64_t term) { term_.store(term, std::memory_order_release); }

absl::StatusOr<std::vector<std::string>> MysqlStore::ListGroups() {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Read(records_, store_sql::kListGroups, {}));
  std::vector<std::string> ids;
  for (const Row row : rows) ids.push_back(row.StringOr("id", ""));
  return ids;
}

absl::StatusOr<Group> MysqlStore::Load(const std::string& group) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Read(records_, store_sql::kLoadGroup,
                             {static_cast<uint64_t>(kHistoryLimit), StoredText(group)}));
  if (rows.empty()) return UnknownGroup(group);
  return ReadGroupRow(rows.front());
}

absl::Status MysqlStore::CreateGroup(const Group& group) {
  WEFT_RETURN_IF_ERROR(CheckStorable(group));
  return Write(records_, store_sql::kCreateGroup, GroupParams(Stored(group)), {.group = group.id});
}

absl::Status MysqlStore::DestroyGroup(const std::string& group, uint64_t revision) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  return Write(records_, store_sql::kDestroyGroup, {group, revision},
               {.group = group, .revision = revision});
}

absl::Status MysqlStore::UpdateGroup(const Group& group) {
  if (!ValidateGroupId(group.id).ok()) return UnknownGroup(group.id);
  return Write(
      records_, store_sql::kUpdateGroup,
      {group.id, group.revision, StoredText(group.description), group.active,
       ToString(group.durability), group.acknowledgements, SettingsAsJson(Stored(group.settings))},
      {.group = group.id, .revision = group.revision});
}

absl::Status MysqlStore::AddServer(const std::string& group, uint64_t revision,
                                   const Server& server) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  WEFT_RETURN_IF_ERROR(CheckStorable(server));
  return Write(records_, store_sql::kAddServer,
               Join({group, revision}, ServerParams(Stored(server))),
               {.group = group, .revision = revision, .server = server.uuid.text()});
}

absl::Status MysqlStore::RemoveServer(const std::string& group, uint64_t revision,
                                      const ServerUuid& server) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  return Write(records_, store_sql::kRemoveServer, {group, revision, server.text()},
               {.group = group, .revision = revision, .server = server.text()});
}

absl::Status MysqlStore::UpdateServer(const std::string& group, uint64_t revision,
                                      const ServerUuid& uuid, const Server& server) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  WEFT_RETURN_IF_ERROR(CheckStorable(server));
  return Write(records_, store_sql::kUpdateServer,
               Join({group, revision, uuid.text()}, ServerParams(Stored(server))),
               {.group = group, .revision = revision, .server = uuid.text()});
}

absl::StatusOr<Server> MysqlStore::FindServer(const ServerUuid& uuid) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Read(records_, store_sql::kFindServer, {uuid.text()}));
  if (rows.empty()) return UnknownServer(uuid.text());
  return ReadServerJson(rows.front().StringOr("server", ""));
}

absl::Status MysqlStore::SetIntent(const std::string& group, uint64_t revision,
                                   const Intent& intent, const Operation& operation) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  WEFT_RETURN_IF_ERROR(CheckStorable(operation));
  mysql::Params params = Join({group, revision}, IntentParams(Stored(intent)));
  absl::Status status = Write(records_, store_sql::kSetIntent,
                              Join(std::move(params), OperationParams(Stored(operation))),
                              {.group = group, .revision = revision, .operation = operation.id});
  if (status.ok()) {
    Prune(store_sql::kPruneOperations, options_.keep_operations, &operations_written_);
  }
  return status;
}

absl::Status MysqlStore::EndIntent(const std::string& group, const Operation& ended) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  WEFT_RETURN_IF_ERROR(CheckStorable(ended));
  return Write(
      records_, store_sql::kEndIntent,
      Join({group, BudgetMicros(Intent().write_stop_budget)}, ProgressParams(Stored(ended))),
      {.group = group, .operation = ended.id});
}

absl::Status MysqlStore::Apply(const Group& seen, const Step& step, absl::Time now) {
  if (!ValidateGroupId(seen.id).ok()) return UnknownGroup(seen.id);
  WEFT_ASSIGN_OR_RETURN(StepCall call, CallOf(seen, step, now));
  return Write(records_, call.sql, std::move(call.params), std::move(call.wanted));
}

absl::Status MysqlStore::CreateOperation(const Operation& operation) {
  WEFT_RETURN_IF_ERROR(CheckStorable(operation));
  absl::Status status = Write(reports_, store_sql::kCreateOperation,
                              OperationParams(Stored(operation)), {.operation = operation.id});
  if (status.ok()) {
    Prune(store_sql::kPruneOperations, options_.keep_operations, &operations_written_);
  }
  return status;
}

absl::Status MysqlStore::UpdateOperation(const Operation& operation) {
  if (!CheckStorable(operation).ok()) return UnknownOperation(operation.id);
  return Write(reports_, store_sql::kUpdateOperation, ProgressParams(Stored(operation)),
               {.operation = operation.id});
}

absl::StatusOr<std::optional<Operation>> MysqlStore::FindOperation(absl::string_view sql,
                                                                   const std::string& key) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, Read(reports_, sql, {StoredText(key)}));
  if (rows.empty()) return std::optional<Operation>();
  WEFT_ASSIGN_OR_RETURN(Operation operation, ReadOperationRow(rows.front()));
  return std::optional<Operation>(std::move(operation));
}

absl::StatusOr<Operation> MysqlStore::GetOperation(const std::string& id) {
  WEFT_ASSIGN_OR_RETURN(std::optional<Operation> found,
                        FindOperation(store_sql::kGetOperation, id));
  if (!found.has_value()) return UnknownOperation(id);
  return *std::move(found);
}

absl::StatusOr<std::optional<Operation>> MysqlStore::FindByRequest(const std::string& request_id) {
  if (request_id.empty()) return std::optional<Operation>();
  return FindOperation(store_sql::kFindByRequest, request_id);
}

absl::StatusOr<std::vector<Operation>> MysqlStore::ListOperations(const std::string& group,
                                                                  int limit,
                                                                  const std::string& before) {
  uint64_t sequence = 0;
  if (!before.empty()) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                          Read(reports_, store_sql::kGetOperation, {StoredText(before)}));
    if (rows.empty()) return UnknownOperation(before);
    sequence = rows.front().UintOr("sequence", 0);
  }
  mysql::Params params = {Before(sequence), std::max(limit, 0)};
  if (!group.empty()) params.insert(params.begin(), StoredText(group));
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet rows,
      Read(reports_, group.empty() ? store_sql::kListOperations : store_sql::kListOperationsOfGroup,
           params));
  std::vector<Operation> found;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(Operation operation, ReadOperationRow(row));
    found.push_back(std::move(operation));
  }
  return found;
}

absl::Status MysqlStore::RequestCancel(const std::string& id) {
  Operation named;
  named.id = id;
  if (!CheckStorable(named).ok()) return UnknownOperation(id);
  return Write(reports_, store_sql::kRequestCancel, {StoredText(id)}, {.operation = id});
}

absl::Status MysqlStore::AppendEvent(const Event& event) {
  WEFT_RETURN_IF_ERROR(CheckStorable(event));
  const Event kept = Stored(event);
  absl::Status status = Write(reports_, store_sql::kAppendEvent,
                              {TimeText(kept.when), kept.group, kept.server, kept.operation,
                               kept.kind, kept.text, kept.user},
                              {});
  if (status.ok()) Prune(store_sql::kPruneEvents, options_.keep_events, &events_written_);
  return status;
}

absl::StatusOr<std::vector<Event>> MysqlStore::ListEvents(const std::string& group, int limit,
                                                          uint64_t before) {
  mysql::Params params = {Before(before), std::max(limit, 0)};
  if (!group.empty()) params.insert(params.begin(), StoredText(group));
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet rows,
      Read(reports_, group.empty() ? store_sql::kListEvents : store_sql::kListEventsOfGroup,
           params));
  std::vector<Event> found;
  for (const Row row : rows) {
    WEFT_ASSIGN_OR_RETURN(Event event, ReadEventRow(row));
    found.push_back(std::move(event));
  }
  return found;
}

void MysqlStore::Prune(absl::string_view sql, uint64_t keep, std::atomic<uint64_t>* written) {
  if (written->fetch_add(1, std::memory_order_relaxed) % options_.prune_every != 0) return;
  const absl::StatusOr<uint64_t> dropped = reports_.Write(sql, {keep, kPruneAtOnce});
  if (!dropped.ok()) WEFT_LOG(kInfo, "state store not pruned", {{"error", dropped.status()}});
}

}  // namespace weft::controller
