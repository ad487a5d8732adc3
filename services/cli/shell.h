#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/context.h"

namespace weft::cli {

// `weft shell`: the same commands, line by line, over one connection. With readline (history,
// completion by tab) on a terminal; else lines of stdin, without a prompt. Ends at `exit`, `quit`
// or the end of input. Returns the exit code of the last command that failed, else 0.
int RunShell(Context& context);

// A line's words as a shell would split them: blanks part, quotes of both kinds and backslashes
// keep together. INVALID_ARGUMENT: a quote is not closed. Pure.
absl::StatusOr<std::vector<std::string>> SplitLine(absl::string_view line);

// Whether a line may go into the history: it does not begin with a blank (as in bash), and does not
// look like a try to give a password. Pure.
bool IsWorthRemembering(absl::string_view line);

}  // namespace weft::cli
