// Backup and restore of a MysqlStore. Both are rare and may be large: each has a session of its
// own, and is one transaction of several statements.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/store.h"
#include "services/controller/mysql/store_guard_rows.h"
#include "services/controller/mysql/store_rows.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/mysql/store_user_rows.h"
#include "services/controller/ports/inventory_image.h"
#include "services/controller/ports/record_steps.h"
#include "services/controller/ports/restored.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {
namespace {

absl::StatusOr<std::vector<Group>> ReadGroups(mysql::Session& session) {
  std::vector<Group> groups;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet names, session.Query(store_sql::kListGroups));
  for (const Row name : names) {
    WEFT_ASSIGN_OR_RETURN(
        const mysql::ResultSet rows,
        session.Query(store_sql::kLoadGroup,
                      {static_cast<uint64_t>(kHistoryLimit), name.StringOr("id", "")}));
    for (const Row row : rows) {
      WEFT_ASSIGN_OR_RETURN(Group group, ReadGroupRow(row));
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

absl::StatusOr<InventoryImage> ReadInventory(mysql::Session& session) {
  InventoryImage image;
  for (const InventoryTable& table : InventoryTables()) {
    WEFT_ASSIGN_OR_RETURN(
        const mysql::ResultSet rows,
        session.Query(absl::StrFormat(store_sql::kInventoryRows, absl::StrJoin(table.columns, ", "),
                                      table.name, table.columns.front())));
    for (const Row row : rows) {
      InventoryRow& read = image[std::string(table.name)].emplace_back();
      for (const absl::string_view column : table.columns) {
        read[std::string(column)] = row.StringOr(column, "");
      }
    }
  }
  return image;
}

// In the session's transaction.
absl::StatusOr<StoreImage> ReadImage(mysql::Session& session, absl::Time now) {
  StoreImage image;
  image.taken = StoredTime(now);
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet state, session.Query(store_sql::kIncarnation));
  if (!state.empty()) image.incarnation = state.front().UintOr("incarnation", 0);
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet lease, session.Query(store_sql::kReadLease));
  if (!lease.empty()) {
    WEFT_ASSIGN_OR_RETURN(image.lease, ReadLeaseRow(lease.front()));
  }
  WEFT_ASSIGN_OR_RETURN(image.groups, ReadGroups(session));
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet operations,
      session.Query(store_sql::kImageOperations, {static_cast<uint64_t>(kImageOperations)}));
  for (const Row row : operations) {
    WEFT_ASSIGN_OR_RETURN(Operation operation, ReadOperationRow(row));
    image.operations.push_back(std::move(operation));
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet users, session.Query(store_sql::kLoadUsers, {0}));
  if (!users.empty()) {
    WEFT_ASSIGN_OR_RETURN(image.users, ReadUsersRow(users.front()));
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet failover,
                        session.Query(store_sql::kLoadFailoverSwitch));
  if (!failover.empty()) {
    WEFT_ASSIGN_OR_RETURN(image.failover,
                          ReadFailoverSwitch(failover.front().StringOr("failover_switch", "")));
  }
  WEFT_ASSIGN_OR_RETURN(image.inventory, ReadInventory(session));
  return image;
}

absl::Status Put(mysql::Session& session, absl::string_view sql, const mysql::Params& params) {
  return session.Execute(sql, params).status();
}

// A value that its column does not hold: no JSON, no time, too long (SQLSTATE class 22).
bool IsDataException(const absl::Status& status) {
  return absl::StartsWith(mysql::MysqlSqlState(status), "22");
}

absl::Status WriteInventory(mysql::Session& session, const InventoryImage& image) {
  for (const InventoryTable& table : InventoryTables()) {
    const auto rows = image.find(std::string(table.name));
    if (rows == image.end()) continue;
    const std::vector<absl::string_view> marks(table.columns.size(), "?");
    const std::string sql =
        absl::StrFormat(store_sql::kPutInventoryRow, table.name, absl::StrJoin(table.columns, ", "),
                        absl::StrJoin(marks, ", "), table.columns.front());
    for (const InventoryRow& row : rows->second) {
      mysql::Params params;
      for (const absl::string_view column : table.columns) {
        params.emplace_back(row.at(std::string(column)));
      }
      const absl::Status put = Put(session, sql, params);
      if (IsDataException(put)) {
        const std::string key(table.columns.front());
        return BadInventoryRow(
            table.name, absl::StrCat("has a value that its column does not hold: ", put.message()),
            "values that its columns hold", absl::StrCat(key, " ", row.at(key)));
      }
      WEFT_RETURN_IF_ERROR(put);
    }
  }
  return absl::OkStatus();
}

absl::Status WriteImage(mysql::Session& session, const StoreImage& image) {
  for (const Group& group : image.groups) {
    WEFT_RETURN_IF_ERROR(Put(session, store_sql::kPutGroup,
                             Join(GroupParams(Stored(group)), {group.revision, group.restored})));
  }
  for (const Operation& operation : image.operations) {
    WEFT_RETURN_IF_ERROR(
        Put(session, store_sql::kPutOperation, OperationParams(Stored(operation))));
  }
  for (const auto& [name, user] : image.users.users) {
    WEFT_RETURN_IF_ERROR(
        Put(session, store_sql::kRestoreUser, Join(UserParams(user), {user.revision})));
  }
  WEFT_RETURN_IF_ERROR(WriteInventory(session, image.inventory));
  const FailoverSwitch failover = Stored(image.failover);
  return Put(session, store_sql::kRestoreEnd,
             {image.incarnation, image.lease.term, image.users.version, failover.enabled,
              failover.reason, failover.user, StoreTimeText(failover.since)});
}

// It is read after the lease is held, so nothing of it changes meanwhile.
absl::Status Replace(mysql::Session& session, const StoreImage& image, bool surrender,
                     uint64_t term, absl::Time now) {
  WEFT_RETURN_IF_ERROR(session.Query(store_sql::kHoldLease).status());
  WEFT_ASSIGN_OR_RETURN(const StoreImage present, ReadImage(session, now));
  WEFT_RETURN_IF_ERROR(Put(session, store_sql::kRestoreBegin, {term, surrender}));
  return WriteImage(session, Restored(image, present, now));
}

absl::Status CheckStorableImage(const StoreImage& image) {
  for (const Group& group : image.groups) WEFT_RETURN_IF_ERROR(CheckStorable(group));
  for (const Operation& operation : image.operations) {
    WEFT_RETURN_IF_ERROR(CheckStorable(operation));
  }
  for (const auto& [name, user] : image.users.users) WEFT_RETURN_IF_ERROR(CheckStorable(user));
  return CheckStorable(image.inventory);
}

}  // namespace

absl::StatusOr<std::unique_ptr<mysql::Session>> MysqlStore::OpenForBackup() {
  WEFT_ASSIGN_OR_RETURN(std::unique_ptr<mysql::Session> session, OpenForSetUp());
  const auto prepare = [&]() -> absl::Status {
    WEFT_RETURN_IF_ERROR(session->Execute(
        absl::StrCat(store_sql::kUseDatabase, mysql::QuoteIdentifier(options_.database))));
    WEFT_RETURN_IF_ERROR(session->Execute(store_sql::kPrepareSession));
    if (place_->replicated()) {
      WEFT_RETURN_IF_ERROR(session->Execute(store_sql::kReadAfterFailover));
    }
    WEFT_ASSIGN_OR_RETURN(const SchemaVersions versions, ReadSchemaVersions(*session));
    return CheckSchema(versions, migrations_.empty() ? 0 : migrations_.back().version);
  };
  const absl::Status prepared = prepare();
  if (!prepared.ok()) return ContactFailure(prepared);
  return session;
}

absl::StatusOr<StoreImage> MysqlStore::BackUp(absl::Time now) {
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenForBackup());
  const auto read = [&]() -> absl::StatusOr<StoreImage> {
    WEFT_RETURN_IF_ERROR(session->Execute(store_sql::kRepeatableRead));
    WEFT_RETURN_IF_ERROR(session->Execute(store_sql::kBeginBackup));
    return ReadImage(*session, now);
  };
  absl::StatusOr<StoreImage> image = read();
  if (!image.ok()) {
    return session->broken() ? ContactFailure(image.status())
                             : StatementFailure(image.status(), Wanted());
  }
  return image;
}

absl::Status MysqlStore::Restore(const StoreImage& image, bool surrender, absl::Time now) {
  WEFT_RETURN_IF_ERROR(CheckStorableImage(image));
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenForBackup());
  const uint64_t term = term_.load(std::memory_order_acquire);
  WEFT_RETURN_IF_ERROR(StatementFailure(session->Begin(), Wanted()));
  absl::Status status = Replace(*session, image, surrender, term, now);
  // The end of the session rolls back.
  if (!status.ok()) {
    return session->broken() ? ContactFailure(status) : StatementFailure(status, {.term = term});
  }
  status = session->Commit();
  return session->broken() ? OutcomeUnknown(status.message())
                           : StatementFailure(status, {.term = term});
}

}  // namespace weft::controller
