#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/ids.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/turn.h"

// Accounts that one replica alone logs in to its sources with (common/model/replica_account.h).
// They are made on every server by itself, without writing its binary log.
namespace weft::controller {

// The password of `replica`'s account where that of the shared one is `shared`: derived, so that it
// is kept nowhere, is the same on every server, and changes with the shared one. Secret.
std::string ReplicaPassword(absl::string_view shared, const ServerUuid& replica);

// Its account and password, as Follow gives them to the replica.
struct ReplicaLogin {
  std::string user;
  std::string password;  // secret
};
absl::StatusOr<ReplicaLogin> LoginOfReplica(const FarmOptions& options, const ServerUuid& replica);

// Makes the account where it is missing, for the same hosts as the shared one, and unlocks it.
// Repeatable.
absl::Status OpenAccountOf(Turn& turn, const ServerUuid& replica);

// Locks the account and ends what is logged in with it; returns once that is seen gone. Repeatable.
// NOT_FOUND: there is no such account.
absl::Status LockAccountOf(Turn& turn, const ServerUuid& replica);

}  // namespace weft::controller
