#pragma once

#include <vector>

#include "absl/time/time.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// The phases that Decide would lead to from `look`, if every step succeeded and nothing else
// happened: what a dry run shows. The last one is a refusal where it ends in one. Pure.
std::vector<Plan> Foresee(Snapshot look, absl::Time now, int max_phases = 32);

}  // namespace weft::controller
