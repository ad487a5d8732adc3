// The users of a MysqlStore.
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/access/passwords.h"
#include "common/base/status_macros.h"
#include "services/controller/mysql/store.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/mysql/store_user_rows.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/stored.h"

namespace weft::controller {

absl::StatusOr<std::optional<UserSet>> MysqlStore::LoadUsers(uint64_t known) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        Read(records_, store_sql::kLoadUsers, {known}));
  if (rows.empty()) return std::optional<UserSet>();
  WEFT_ASSIGN_OR_RETURN(UserSet users, ReadUsersRow(rows.front()));
  return std::optional<UserSet>(std::move(users));
}

absl::Status MysqlStore::CreateUser(const User& user) {
  WEFT_RETURN_IF_ERROR(CheckStorable(user));
  return Write(records_, store_sql::kCreateUser, UserParams(user), {.user = user.name});
}

absl::Status MysqlStore::UpdateUser(const User& user) {
  WEFT_RETURN_IF_ERROR(CheckStorable(user));
  return Write(records_, store_sql::kUpdateUser, Join(UserParams(user), {user.revision}),
               {.revision = user.revision, .user = user.name});
}

absl::Status MysqlStore::DeleteUser(const std::string& name, uint64_t revision) {
  if (!access::ValidateUserName(name).ok()) return UnknownUser(name);
  return Write(records_, store_sql::kDeleteUser, {name, revision},
               {.revision = revision, .user = name});
}

absl::Status MysqlStore::SetUserKey(const std::string& key) {
  WEFT_RETURN_IF_ERROR(CheckUserKey(key));
  return Write(records_, store_sql::kSetUserKey, {absl::BytesToHexString(key)}, {});
}

}  // namespace weft::controller
