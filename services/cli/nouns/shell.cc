#include "services/cli/shell.h"

#include "services/cli/context.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Noun ShellNoun() {
  return {
      "shell",
      "type commands one after the other",
      {{.summary = "read commands line by line, with history and completion",
        .details = "Options given to the shell hold for every line that does not say "
                   "otherwise. Lines that begin with a blank are not remembered. On a pipe it "
                   "runs the lines of its input; the exit code is that of the last that failed.",
        .examples = {"weft --sandbox /tmp/sandbox shell"},
        .run = [](Context& context) -> absl::StatusOr<Answer> {
          return Answer{.exit_code = RunShell(context)};
        }}}};
}

}  // namespace weft::cli
