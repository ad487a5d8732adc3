// weft version.
#include "common/version/version.h"

#include "absl/strings/str_cat.h"
#include "services/cli/context.h"
#include "services/cli/json.h"
#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Noun VersionNoun() {
  return {"version",
          "the version of this client",
          {{.summary = "print the version of this client",
            .details = "The controller's is in `weft node status`.",
            .examples = {"weft version"},
            .run = [](Context&) -> absl::StatusOr<Answer> {
              return Answer{.json = JsonObject({{"version", JsonString(Version())}}),
                            .text = absl::StrCat("weft ", Version(), "\n")};
            }}}};
}

}  // namespace weft::cli
