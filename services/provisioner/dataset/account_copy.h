#pragma once

#include "absl/status/status.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

// Copies accounts and grants with their passwords, as rows of the tables that hold them, and lets
// them take effect. Between servers of one series the target's become exactly the source's, as the
// CLONE plugin does it. Otherwise those of the target stay and those it lacks are added with the
// rights that both versions know: dynamic privileges that the older one does not have must be
// granted by hand.
absl::Status CopyAccounts(mysql::Session& source, mysql::Session& target);

}  // namespace weft::provisioner
