#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mysql/result_set.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

struct GrantTable {
  std::string name;
  std::vector<std::string> columns;  // quoted
  mysql::ResultSet rows;
};

// Accounts and grants with their passwords, as rows of the tables that hold them. Secret.
struct Accounts {
  std::vector<GrantTable> tables;
  bool same_series = false;  // source and target
};

// Those of `source`, as far as `target` has the same.
absl::StatusOr<Accounts> ReadAccounts(mysql::Session& source, mysql::Session& target);

// Gives them to `target`, which is set up by kLoadSession, and lets them take effect. Between
// servers of one series the target's become exactly these, as the CLONE plugin does it. Otherwise
// those of the target stay and those it lacks are added with the rights that both versions know:
// dynamic privileges that the older one does not have must be granted by hand.
absl::Status WriteAccounts(mysql::Session& target, const Accounts& accounts);

}  // namespace weft::provisioner
