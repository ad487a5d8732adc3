#pragma once
// Which right each method of the API needs. Pure. A method that is not in the table may be called
// by nobody: a test holds the table against the descriptors of protos/weft/v1.
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/access/roles.h"

namespace weft::access {

struct MethodRight {
  absl::string_view method;  // "/weft.v1.Groups/PromoteGroup"
  Right right;
};

absl::Span<const MethodRight> AllMethodRights();

// nullopt: there is no such method, and nobody may call it.
std::optional<Right> RightOf(absl::string_view method);

// The metadata by which a gateway says for whom it acts, and the right that it needs for that.
inline constexpr absl::string_view kOnBehalfOf = "weft-on-behalf-of";
inline constexpr Right kActForOthers = {"gateway", "act_for_others"};

}  // namespace weft::access
