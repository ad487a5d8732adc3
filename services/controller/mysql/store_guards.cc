// What guards groups, in a MysqlStore.
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "services/controller/mysql/store.h"
#include "services/controller/mysql/store_guard_rows.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

absl::Status MysqlStore::RecordHooks(const std::string& group, const HookRecord& hooks) {
  if (!ValidateGroupId(group).ok()) return UnknownGroup(group);
  return Write(records_, store_sql::kRecordHooks,
               {group, StoredText(hooks.operation), HooksAsJson(Stored(hooks))},
               {.group = group, .operation = hooks.operation});
}

absl::StatusOr<FailoverSwitch> MysqlStore::LoadFailoverSwitch() {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Read(records_, store_sql::kLoadFailoverSwitch, {}));
  if (rows.empty()) return FailoverSwitch();
  return ReadFailoverSwitch(rows.front().StringOr("failover_switch", ""));
}

absl::Status MysqlStore::SetFailoverSwitch(const FailoverSwitch& failover) {
  const FailoverSwitch kept = Stored(failover);
  return Write(records_, store_sql::kSetFailoverSwitch,
               {kept.enabled, kept.reason, kept.user, StoreTimeText(kept.since)}, {});
}

}  // namespace weft::controller
