#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/command.h"
#include "services/cli/context.h"

namespace weft::cli {

// What a provisioner does to servers: `weft server clone`.
std::vector<Command> CopyCommands();

// `weft server check HOST:PORT --role ROLE`: each deviation from the recipe of a role.
absl::StatusOr<Answer> CheckAgainstRecipe(Context& context, const std::string& address);

}  // namespace weft::cli
