#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/cli/command.h"
#include "services/cli/context.h"

namespace weft::cli {

// --on-last-acknowledger-lost: what a new group's commits do when nobody is left to acknowledge.
Parameter LastAcknowledgerParameter();

// "wait" or "continue": what the option says, or else the person at the terminal, who is asked
// once. "wait" where nobody can be asked: no terminal, an answer for programs, a dry run. Empty
// where it means nothing (--durability async). CANCELLED: interrupted.
absl::StatusOr<std::string> ChooseLastAcknowledger(Context& context);

// What was chosen for `group` and what it means, as a line for people; "" for nothing.
std::string LastAcknowledgerText(const std::string& group, const std::string& chosen);

}  // namespace weft::cli
