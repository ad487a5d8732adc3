#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/model/accounts.h"

namespace weft {

// The SQL that makes an account, as text: executed by the sandbox, shown to people by the checks of
// a server that is added. No I/O. Statements carry no trailing semicolon and no line break.

// GRANT statements, one per scope, in the spelling of `version` (90704). On versions without roles
// and dynamic privileges only what exists there is named.
std::vector<std::string> GrantStatements(absl::Span<const Privilege> privileges,
                                         absl::string_view user, absl::string_view host);

// CREATE USER, then the grants of `duty`. The password stands in the first statement in clear: never
// log the result. To show it to a person, pass "********".
std::vector<std::string> CreateAccountStatements(Duty duty, int version, absl::string_view user,
                                                 absl::string_view host,
                                                 absl::string_view password);

// An account that may do everything in `database` and nothing else, so that read_only binds it.
std::vector<std::string> CreateAppAccountStatements(absl::string_view user, absl::string_view host,
                                                    absl::string_view password,
                                                    absl::string_view database);

// Lets `user` read the tables of `database`.
std::string GrantReadStatement(absl::string_view database, absl::string_view user,
                               absl::string_view host);

}  // namespace weft
