#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/command.h"
#include "services/cli/context.h"

namespace weft::cli {

// What a provisioner does to servers: `weft server clone`.
std::vector<Command> CopyCommands();

// `weft server check HOST:PORT --role ROLE`: each deviation from the recipe of a role.
absl::StatusOr<Answer> CheckAgainstRecipe(Context& context, const std::string& address);

// The same for the role that a check without one means, added to what the controller found. Where
// no provisioner can say, that is said; `answer` keeps its exit code.
void AddRecipe(Context& context, const std::string& address, Answer* answer);

}  // namespace weft::cli
