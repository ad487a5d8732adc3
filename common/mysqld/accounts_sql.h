#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/model/accounts.h"

namespace weft {

// The SQL that makes accounts, as text: executed by the sandbox, shown to people by the checks of a
// server that is added. No I/O. Statements carry no trailing semicolon and no line break, may be
// repeated, and fit every version from 5.6 (90704 is 9.7.4).

// The account with that password, without rights. The password stands in it in clear: never log the
// result. To show it to a person, pass "********".
std::string CreateAccountStatement(int version, absl::string_view user, absl::string_view host,
                                   absl::string_view password);

// One GRANT for each scope.
std::vector<std::string> GrantStatements(absl::Span<const Privilege> privileges,
                                         absl::string_view user, absl::string_view host);

// All rights on one database, or SELECT alone, and nothing else: such an account is bound by
// read_only.
std::string GrantDatabaseStatement(absl::string_view database, absl::string_view user,
                                   absl::string_view host);
std::string GrantReadStatement(absl::string_view database, absl::string_view user,
                               absl::string_view host);

// A login of a server that is made from nothing.
struct InitialAccount {
  Duty duty;
  std::string user;
  std::string password;
};

struct InitialContent {
  std::vector<InitialAccount> accounts;
  // A database, an account that owns it, and the right of `readers` to read it. Empty: none.
  std::string database;
  std::string owner;
  std::string owner_password;
  std::vector<std::string> readers;
};

// What a new server executes before its first connection, and does not write to its binary log.
// Accounts are for any host: a server of this machine listens on its loopback address only.
std::vector<std::string> InitialStatements(int version, const InitialContent& content);

}  // namespace weft
