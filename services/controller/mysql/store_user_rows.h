#pragma once
// Between the state store's rows and the users. Pure. Errors as store_rows.h has them, which never
// quote a secret.
#include "absl/status/statusor.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/store_rows.h"
#include "services/controller/ports/users.h"

namespace weft::controller {

// A row of kLoadUsers.
absl::StatusOr<UserSet> ReadUsersRow(const Row& row);

// Parameters in the order of the procedures: name ... roles.
mysql::Params UserParams(const User& user);

}  // namespace weft::controller
