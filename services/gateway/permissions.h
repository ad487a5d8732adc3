#pragma once
// What a caller of the gateway may do, by the users that were pushed last.
#include <string>

#include "absl/strings/string_view.h"
#include "services/gateway/users.h"

namespace weft::gateway {

// True where `user` may execute `command` ("group.create"): by the roles that the snapshot gives it
// (common/access/roles.h). An empty user came in where no login is asked for, and may do all. False
// for a user that is not known, and while no users are known. Thread-safe; does not block.
bool IsAllowed(const Users& users, const std::string& user, absl::string_view command);

}  // namespace weft::gateway
