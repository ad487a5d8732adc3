#pragma once
// Whether a MySQL server answers somewhere.
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/mysql/session.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// OK when a server speaks MySQL at `address`, whether or not it lets `login` in: who has no account
// there yet has reached it all the same. `login`: user, password and TLS; the rest is not looked
// at. Blocks for at most about 2 * `timeout`.
absl::Status Reach(const MachineAddress& address, const mysql::ConnectOptions& login,
                   absl::Duration timeout);

}  // namespace weft::provisioner
