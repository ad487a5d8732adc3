#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/model/accounts.h"

namespace weft::controller {

// What an account may do, read from SHOW GRANTS of any version. Pure.
class Grants {
 public:
  // One row of SHOW GRANTS: "GRANT SELECT, INSERT ON `mysql`.* TO `u`@`%`". Rows that grant roles
  // are passed over (SHOW GRANTS ... USING lists what roles bring).
  void Add(absl::string_view row);

  // Scope as in common/model/accounts.h: "*.*", "mysql.*", "mysql.plugin", "`weft\_%`.*". A
  // privilege on *.* holds everywhere, one on a database for its tables.
  bool Has(absl::string_view privilege, absl::string_view scope) const;

  std::vector<Privilege> Missing(absl::Span<const Privilege> wanted) const;

 private:
  // Scope without quotes to capital privileges; "ALL" is all static ones.
  std::map<std::string, std::set<std::string>> by_scope_;
};

// "SUPER ON *.*", for people.
std::string ToString(const Privilege& privilege);

}  // namespace weft::controller
