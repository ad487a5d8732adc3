// What guards groups, in a MemoryStore.
#include "common/base/status_macros.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

absl::Status MemoryStore::RecordHooks(const std::string& group, const HookRecord& hooks) {
  return WriteGroup("RecordHooks", group, [&](Data&, Group& record) {
    const Intent& intent = record.intent;
    const bool pending = intent.goal != Goal::kKeep && intent.operation == hooks.operation;
    if (!pending && record.hooks.operation != hooks.operation) {
      return IntentMoved(group, hooks.operation, intent.operation);
    }
    record.hooks = Stored(hooks);
    ++record.revision;
    return absl::OkStatus();
  });
}

absl::StatusOr<FailoverSwitch> MemoryStore::LoadFailoverSwitch() {
  FailoverSwitch found;
  WEFT_RETURN_IF_ERROR(Read("LoadFailoverSwitch", [&](Data& data) {
    found = data.failover_switch;
    return absl::OkStatus();
  }));
  return found;
}

absl::Status MemoryStore::SetFailoverSwitch(const FailoverSwitch& failover) {
  return Write("SetFailoverSwitch", [&](Data& data) {
    data.failover_switch = Stored(failover);
    return absl::OkStatus();
  });
}

}  // namespace weft::controller
