#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/dataset/farm_access.h"
#include "services/provisioner/recipes/recipe.h"

namespace weft::provisioner {

struct RecipeFindings {
  std::string uuid;
  std::string version;
  std::vector<Deviation> deviations;
  std::string recipe;
};

// Holds the server at `address` against the recipe of `role`; changes nothing. Blocks for seconds.
// INVALID_ARGUMENT: a malformed address, an unknown role. UNAVAILABLE, UNAUTHENTICATED: it cannot
// be asked.
absl::StatusOr<RecipeFindings> CheckRecipe(const FarmAccess& access, absl::string_view address,
                                           absl::string_view role);

}  // namespace weft::provisioner
