#include "services/controller/ports/memory_store.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "services/controller/ports/record_steps.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {
namespace {

constexpr int kSchema = 1;
constexpr absl::string_view kFaultCause = "a fault was injected";

void SortServers(Group* group) {
  std::sort(group->servers.begin(), group->servers.end(),
            [](const Server& a, const Server& b) { return a.uuid < b.uuid; });
}

}  // namespace

MemoryStore::MemoryStore(std::shared_ptr<MemoryDatabase> database)
    : database_(std::move(database)) {}

void MemoryStore::SetUnavailable(bool unavailable) {
  MutexLock lock(&mutex_);
  unavailable_ = unavailable;
}

void MemoryStore::FailNextWrite(StoreFault fault) {
  MutexLock lock(&mutex_);
  next_write_ = fault;
}

void MemoryStore::SetFaults(Faults faults) {
  MutexLock lock(&mutex_);
  faults_ = std::move(faults);
}

StoreFault MemoryStore::NextFault(absl::string_view call, bool is_write) {
  Faults faults;
  {
    MutexLock lock(&mutex_);
    if (unavailable_) return StoreFault::kUnavailable;
    if (is_write && next_write_ != StoreFault::kNone) {
      return std::exchange(next_write_, StoreFault::kNone);
    }
    faults = faults_;
  }
  return faults ? faults(call, is_write) : StoreFault::kNone;
}

absl::Status MemoryStore::Read(absl::string_view call, Body body) {
  if (NextFault(call, false) != StoreFault::kNone) return StoreUnavailable(kFaultCause);
  MutexLock lock(&database_->mutex_);
  if (database_->schema_ == 0) return SchemaMissing(kSchema);
  if (database_->schema_ > kSchema) return SchemaNewer(database_->schema_, kSchema);
  return body(database_->data_);
}

absl::Status MemoryStore::WriteLease(absl::string_view call, Body body) {
  const StoreFault fault = NextFault(call, true);
  if (fault == StoreFault::kUnavailable) return StoreUnavailable(kFaultCause);
  MutexLock lock(&database_->mutex_);
  if (database_->schema_ == 0) return SchemaMissing(kSchema);
  if (database_->schema_ > kSchema) return SchemaNewer(database_->schema_, kSchema);
  absl::Status status = body(database_->data_);
  return fault == StoreFault::kAnswerLost ? OutcomeUnknown(kFaultCause) : status;
}

absl::Status MemoryStore::Write(absl::string_view call, Body body) {
  uint64_t term;
  {
    MutexLock lock(&mutex_);
    term = term_;
  }
  return WriteLease(call, [&](Data& data) {
    return data.lease.term == term ? body(data) : TermMoved(term, data.lease.term);
  });
}

absl::Status MemoryStore::WriteGroup(absl::string_view call, const std::string& group,
                                     GroupBody body) {
  return Write(call, [&](Data& data) {
    const auto it = data.groups.find(group);
    return it == data.groups.end() ? UnknownGroup(group) : body(data, it->second);
  });
}

absl::Status MemoryStore::WriteRevision(absl::string_view call, const std::string& group,
                                        uint64_t revision, GroupBody body) {
  return WriteGroup(call, group, [&](Data& data, Group& record) {
    if (record.revision != revision) return RevisionMoved(group, revision, record.revision);
    absl::Status status = body(data, record);
    if (status.ok()) ++record.revision;
    return status;
  });
}

absl::Status MemoryStore::SetUp() {
  const StoreFault fault = NextFault("SetUp", true);
  if (fault == StoreFault::kUnavailable) return StoreUnavailable(kFaultCause);
  MutexLock lock(&database_->mutex_);
  if (database_->schema_ > kSchema) return SchemaNewer(database_->schema_, kSchema);
  database_->schema_ = kSchema;
  return fault == StoreFault::kAnswerLost ? OutcomeUnknown(kFaultCause) : absl::OkStatus();
}

absl::Status MemoryStore::TearDown() {
  const StoreFault fault = NextFault("TearDown", true);
  if (fault == StoreFault::kUnavailable) return StoreUnavailable(kFaultCause);
  MutexLock lock(&database_->mutex_);
  database_->schema_ = 0;
  const uint64_t users = database_->data_.users.version;
  database_->data_ = Data();
  database_->data_.users = MemoryDatabase::NoUsers(users);
  return fault == StoreFault::kAnswerLost ? OutcomeUnknown(kFaultCause) : absl::OkStatus();
}

absl::StatusOr<SchemaStatus> MemoryStore::Schema() {
  if (NextFault("Schema", false) != StoreFault::kNone) return StoreUnavailable(kFaultCause);
  MutexLock lock(&database_->mutex_);
  return SchemaStatus{.found = database_->schema_,
                      .expected = kSchema,
                      .incarnation = database_->data_.incarnation};
}

absl::StatusOr<Lease> MemoryStore::ReadLease() {
  Lease found;
  WEFT_RETURN_IF_ERROR(Read("ReadLease", [&](Data& data) {
    found = data.lease;
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<Lease> MemoryStore::TakeLease(const Lease& seen, const std::string& holder) {
  const Lease taken{holder, seen.term + 1, seen.renewal + 1};
  WEFT_RETURN_IF_ERROR(WriteLease("TakeLease", [&](Data& data) {
    if (data.lease != seen) return LeaseMoved(seen, data.lease);
    data.lease = taken;
    return absl::OkStatus();
  }));
  return taken;
}

absl::StatusOr<Lease> MemoryStore::RenewLease(const Lease& held) {
  const Lease renewed{held.holder, held.term, held.renewal + 1};
  WEFT_RETURN_IF_ERROR(WriteLease("RenewLease", [&](Data& data) {
    if (data.lease != held) return LeaseMoved(held, data.lease);
    data.lease = renewed;
    return absl::OkStatus();
  }));
  return renewed;
}

void MemoryStore::SetTerm(uint64_t term) {
  MutexLock lock(&mutex_);
  term_ = term;
}

absl::StatusOr<std::vector<std::string>> MemoryStore::ListGroups() {
  std::vector<std::string> ids;
  WEFT_RETURN_IF_ERROR(Read("ListGroups", [&](Data& data) {
    for (const auto& [id, group] : data.groups) ids.push_back(id);
    return absl::OkStatus();
  }));
  return ids;
}

absl::StatusOr<Group> MemoryStore::Load(const std::string& group) {
  Group found;
  WEFT_RETURN_IF_ERROR(Read("Load", [&](Data& data) {
    const auto it = data.groups.find(group);
    if (it == data.groups.end()) return UnknownGroup(group);
    found = data.Loaded(it->second);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status MemoryStore::CreateGroup(const Group& group) {
  WEFT_RETURN_IF_ERROR(CheckStorable(group));
  Group record = Stored(group);
  record.revision = 1;
  record.restored = false;
  return Write("CreateGroup", [&](Data& data) {
    WEFT_RETURN_IF_ERROR(data.CheckFree(record));
    data.groups[group.id] = record;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::DestroyGroup(const std::string& group, uint64_t revision) {
  return WriteGroup("DestroyGroup", group, [&](Data& data, Group& record) {
    if (record.revision != revision) return RevisionMoved(group, revision, record.revision);
    if (!record.servers.empty()) return GroupNotEmpty(group, record.servers.size());
    data.groups.erase(group);
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::UpdateGroup(const Group& group) {
  return WriteRevision("UpdateGroup", group.id, group.revision, [&](Data&, Group& record) {
    const bool same_wait =
        record.durability == group.durability &&
        record.acknowledgements == group.acknowledgements &&
        record.settings.on_last_acknowledger_lost == group.settings.on_last_acknowledger_lost;
    if (!same_wait) ++record.acknowledgers.version;
    record.description = StoredText(group.description);
    record.active = group.active;
    record.durability = group.durability;
    record.acknowledgements = group.acknowledgements;
    record.settings = Stored(group.settings);
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::AddServer(const std::string& group, uint64_t revision,
                                    const Server& server) {
  WEFT_RETURN_IF_ERROR(CheckStorable(server));
  return WriteRevision("AddServer", group, revision, [&](Data& data, Group& record) {
    WEFT_RETURN_IF_ERROR(data.CheckFree(server, ServerUuid()));
    record.servers.push_back(Stored(server));
    record.servers.back().group = group;
    SortServers(&record);
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::RemoveServer(const std::string& group, uint64_t revision,
                                       const ServerUuid& server) {
  return WriteRevision("RemoveServer", group, revision, [&](Data&, Group& record) {
    Server* const found = record.Find(server);
    if (found == nullptr) return NotInGroup(server.text(), group);
    record.servers.erase(record.servers.begin() + (found - record.servers.data()));
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::UpdateServer(const std::string& group, uint64_t revision,
                                       const ServerUuid& uuid, const Server& server) {
  WEFT_RETURN_IF_ERROR(CheckStorable(server));
  return WriteRevision("UpdateServer", group, revision, [&](Data& data, Group& record) {
    Server* const found = record.Find(uuid);
    if (found == nullptr) return NotInGroup(uuid.text(), group);
    WEFT_RETURN_IF_ERROR(data.CheckFree(server, uuid));
    *found = Stored(server);
    found->group = group;
    SortServers(&record);
    return absl::OkStatus();
  });
}

absl::StatusOr<Server> MemoryStore::FindServer(const ServerUuid& uuid) {
  Server found;
  WEFT_RETURN_IF_ERROR(Read("FindServer", [&](Data& data) {
    for (const auto& [id, group] : data.groups) {
      const Server* const server = group.Find(uuid);
      if (server == nullptr) continue;
      found = *server;
      return absl::OkStatus();
    }
    return UnknownServer(uuid.text());
  }));
  return found;
}

absl::Status MemoryStore::SetIntent(const std::string& group, uint64_t revision,
                                    const Intent& intent, const Operation& operation) {
  WEFT_RETURN_IF_ERROR(CheckStorable(operation));
  return WriteGroup("SetIntent", group, [&](Data& data, Group& record) {
    const bool pending = record.intent.goal != Goal::kKeep;
    const bool same = pending && record.intent.operation == intent.operation;
    if (!same) WEFT_RETURN_IF_ERROR(data.CheckNew(operation));
    if (record.revision != revision) return RevisionMoved(group, revision, record.revision);
    if (pending && !same) return IntentPending(group, record.intent.operation);
    if (!same) data.Insert(operation, database_->options_.keep_operations);
    record.intent = Stored(intent);
    ++record.revision;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::EndIntent(const std::string& group, const Operation& ended) {
  WEFT_RETURN_IF_ERROR(CheckStorable(ended));
  return WriteGroup("EndIntent", group, [&](Data& data, Group& record) {
    if (record.intent.goal == Goal::kKeep || record.intent.operation != ended.id) {
      return IntentMoved(group, ended.id, record.intent.operation);
    }
    const auto it = data.FindOperation(ended.id);
    if (it != data.operations.end() && !it->second.done())
      MemoryDatabase::TakeProgress(ended, &it->second);
    record.intent = Intent();
    ++record.revision;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::Apply(const Group& seen, const Step& step, absl::Time now) {
  return WriteGroup("Apply", seen.id, [&](Data&, Group& record) {
    WEFT_RETURN_IF_ERROR(ApplyRecordStep(seen, step, StoredTime(now), &record));
    record = Stored(std::move(record));
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::CreateOperation(const Operation& operation) {
  return Write("CreateOperation", [&](Data& data) {
    WEFT_RETURN_IF_ERROR(data.CheckNew(operation));
    data.Insert(operation, database_->options_.keep_operations);
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::UpdateOperation(const Operation& operation) {
  return Write("UpdateOperation", [&](Data& data) {
    const auto it = data.FindOperation(operation.id);
    if (it == data.operations.end()) return UnknownOperation(operation.id);
    Operation& found = it->second;
    if (found.done()) {
      if (found.state != operation.state) return OperationEnded(found.id, ToString(found.state));
      found.result = Stored(operation).result;
      return absl::OkStatus();
    }
    MemoryDatabase::TakeProgress(operation, &found);
    return absl::OkStatus();
  });
}

absl::StatusOr<Operation> MemoryStore::GetOperation(const std::string& id) {
  Operation found;
  WEFT_RETURN_IF_ERROR(Read("GetOperation", [&](Data& data) {
    const auto it = data.FindOperation(id);
    if (it == data.operations.end()) return UnknownOperation(id);
    found = it->second;
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::optional<Operation>> MemoryStore::FindByRequest(const std::string& request_id) {
  std::optional<Operation> found;
  WEFT_RETURN_IF_ERROR(Read("FindByRequest", [&](Data& data) {
    const auto it = data.FindRequest(request_id);
    if (it != data.operations.end()) found = it->second;
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::vector<Operation>> MemoryStore::ListOperations(const std::string& group,
                                                                   int limit,
                                                                   const std::string& before) {
  std::vector<Operation> found;
  WEFT_RETURN_IF_ERROR(Read("ListOperations", [&](Data& data) {
    uint64_t sequence = 0;
    if (!before.empty()) {
      const auto it = data.FindOperation(before);
      if (it == data.operations.end()) return UnknownOperation(before);
      sequence = it->first;
    }
    found = MemoryDatabase::Newest(data.operations, group, limit, sequence);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status MemoryStore::RequestCancel(const std::string& id) {
  return Write("RequestCancel", [&](Data& data) {
    const auto it = data.FindOperation(id);
    if (it == data.operations.end()) return UnknownOperation(id);
    if (!it->second.done()) it->second.cancel_requested = true;
    return absl::OkStatus();
  });
}

absl::Status MemoryStore::AppendEvent(const Event& event) {
  WEFT_RETURN_IF_ERROR(CheckStorable(event));
  return Write("AppendEvent", [&](Data& data) {
    data.Insert(event, database_->options_.keep_events);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Event>> MemoryStore::ListEvents(const std::string& group, int limit,
                                                           uint64_t before) {
  std::vector<Event> found;
  WEFT_RETURN_IF_ERROR(Read("ListEvents", [&](Data& data) {
    found = MemoryDatabase::Newest(data.events, group, limit, before);
    return absl::OkStatus();
  }));
  return found;
}

}  // namespace weft::controller
