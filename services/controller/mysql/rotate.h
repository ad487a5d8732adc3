#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {

// The user of a duty by its name. INVALID_ARGUMENT lists the duties.
absl::StatusOr<std::string> UserOf(const FarmOptions& options, absl::string_view duty_name);

// Sets the password of `user` (under every host it has) on one server, without writing the binary
// log: each server of a group gets it by itself, also one that follows nobody. Where the version
// has dual passwords the present one stays valid beside it. An account that already takes the new
// password is left alone, so that repeating a rotation that half failed loses no password that
// somebody still uses. NOT_FOUND when there is no such user.
absl::Status SetPassword(Turn& turn, absl::string_view user, absl::string_view password);

// Replaces the passwords of the replicas' own accounts on one server, as they follow from the new
// one of the shared account (replica_account.h). Repeatable.
absl::Status SetReplicaPasswords(Turn& turn, absl::string_view new_shared);

// Has the replica log in to its source with `password` from now on, and waits until it is
// connected; where it uses an account of its own, with that one's new password. No effect on a
// server that is no replica, or whose receiver is stopped (Follow gives it the new one).
absl::Status RenewReplicaLogin(Turn& turn, const ServerUuid& replica, absl::string_view user,
                               absl::string_view password);

}  // namespace weft::controller
