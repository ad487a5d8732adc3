#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/model/accounts.h"

namespace weft {

// The SQL that makes an account, as text: executed by the sandbox, shown to people by the checks of
// a server that is added. No I/O. Statements carry no trailing semicolon and no line break.

// 'name' as an SQL string literal, quotes included; safe in every sql_mode but NO_BACKSLASH_ESCAPES.
std::string QuoteSqlString(absl::string_view text);

// 'user'@'host'.
std::string AccountName(absl::string_view user, absl::string_view host);

// GRANT ... statements, one per scope, in the spelling of `version`.
std::vector<std::string> GrantStatements(absl::Span<const Privilege> privileges,
                                         absl::string_view user, absl::string_view host);

// CREATE USER and the grants of `duty`. The password stands in the first statement in clear: never
// log the result. To show it, pass "********".
std::vector<std::string> CreateAccountStatements(Duty duty, int version, absl::string_view user,
                                                 absl::string_view host,
                                                 absl::string_view password);

}  // namespace weft
