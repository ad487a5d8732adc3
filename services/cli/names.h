#pragma once

#include "services/cli/completion.h"
#include "services/cli/context.h"

namespace weft::cli {

// Asks the controllers for the names of groups, servers and operations. Gives up after a second,
// and never asks a person anything. `surroundings` outlives it.
NameSource NamesFromController(const Surroundings& surroundings);

}  // namespace weft::cli
