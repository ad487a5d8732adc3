#include "services/cli/completion.h"

#include "services/cli/context.h"
#include "services/cli/json.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Noun CompletionNoun() {
  return {"completion",
          "scripts that complete weft's commands in bash and zsh",
          {{.summary = "print the completion script of a shell",
            .details = "Names of groups, servers and operations are asked of the controller.",
            .examples = {"source <(weft completion bash)", "weft completion zsh > ~/.zfunc/_weft"},
            .positionals = {{"shell", "SHELL", "which", Kind::kText, {"bash", "zsh"}}},
            .run = [](Context& context) -> absl::StatusOr<Answer> {
              const std::string script =
                  context.arguments().Text("shell") == "bash" ? BashScript() : ZshScript();
              return Answer{.json = JsonObject({{"script", JsonString(script)}}), .text = script};
            }}}};
}

}  // namespace weft::cli
