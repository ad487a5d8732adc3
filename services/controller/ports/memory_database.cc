#include "services/controller/ports/memory_database.h"

#include <algorithm>
#include <iterator>

#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

MemoryDatabase::MemoryDatabase(const Options& options)
    : options_(options), schema_(options.set_up ? options.schema : 0) {
  MutexLock lock(&mutex_);
  data_.users = NoUsers(0);
}

UserSet MemoryDatabase::NoUsers(uint64_t version_before) {
  return {.version = version_before + 1, .key = RandomBytes(32)};
}

void MemoryDatabase::TakeProgress(const Operation& from, Operation* to) {
  const Operation kept = Stored(from);
  to->state = kept.state;
  to->progress = kept.progress;
  to->phase = kept.phase;
  to->error_reason = kept.error_reason;
  to->error_message = kept.error_message;
  to->result = kept.result;
  to->updated = kept.updated;
}

MemoryDatabase::Operations::iterator MemoryDatabase::Data::FindOperation(const std::string& id) {
  return std::find_if(operations.begin(), operations.end(),
                      [&](const auto& entry) { return entry.second.id == id; });
}

MemoryDatabase::Operations::iterator MemoryDatabase::Data::FindRequest(
    const std::string& request_id) {
  if (request_id.empty()) return operations.end();
  return std::find_if(operations.begin(), operations.end(),
                      [&](const auto& entry) { return entry.second.request_id == request_id; });
}

absl::Status MemoryDatabase::Data::CheckNew(const Operation& operation) {
  WEFT_RETURN_IF_ERROR(CheckStorable(operation));
  if (FindOperation(operation.id) != operations.end()) return OperationExists(operation.id);
  if (FindRequest(operation.request_id) != operations.end()) {
    return RequestKnown(operation.request_id);
  }
  return absl::OkStatus();
}

void MemoryDatabase::Data::Insert(const Operation& operation, size_t keep) {
  operations[next_operation++] = Stored(operation);
  // All but the newest `keep`, unless they run.
  size_t old = operations.size() > keep ? operations.size() - keep : 0;
  for (auto it = operations.begin(); old > 0; --old) {
    it = it->second.done() ? operations.erase(it) : std::next(it);
  }
}

void MemoryDatabase::Data::Insert(const Event& event, size_t keep) {
  const uint64_t sequence = next_event++;
  Event& kept = events[sequence] = Stored(event);
  kept.sequence = sequence;
  while (events.size() > keep) events.erase(events.begin());
}

absl::Status MemoryDatabase::Data::CheckFree(const Server& server, const ServerUuid& but) {
  for (const auto& [id, group] : groups) {
    for (const Server& other : group.servers) {
      if (other.uuid == but) continue;
      if (other.uuid == server.uuid) return UuidTaken(server.uuid.text());
      if (other.address == server.address) return AddressTaken(server.address.ToString());
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryDatabase::Data::CheckFree(const Group& group) {
  if (groups.count(group.id) > 0) return GroupExists(group.id);
  for (const Server& server : group.servers) {
    WEFT_RETURN_IF_ERROR(CheckFree(server, ServerUuid()));
    for (const Server& other : group.servers) {
      if (&other == &server) break;
      if (other.uuid == server.uuid) return UuidTaken(server.uuid.text());
      if (other.address == server.address) return AddressTaken(server.address.ToString());
    }
  }
  return absl::OkStatus();
}

}  // namespace weft::controller
