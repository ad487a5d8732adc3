#pragma once
// What may be asked of a server's record, and the refusals of what may not. Pure.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/model/group.h"
#include "common/model/server.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// INVALID_ARGUMENT BAD_FIELD_MASK for a mask that is empty or names what cannot be changed.
absl::Status CheckMask(const std::vector<std::string>& mask);
// INVALID_ARGUMENT WEIGHT_OUT_OF_RANGE unless it is from 0 to 1.
absl::Status CheckWeight(double weight);
// FAILED_PRECONDITION NOT_SET_ASIDE for a server that is in its place: only what is away can come
// back. BEING_REBUILT for one that is being rebuilt, or whose rebuild came to no end and which thus
// has to be rebuilt. `latest`: operations of the group; `rebuild`: that is what is asked for.
absl::Status CheckIsAway(const Group& group, const Server& server,
                         const std::vector<Operation>& latest, bool rebuild);

// FAILED_PRECONDITION: the server cannot take that status, or that mode with `status`.
absl::Status IllegalStatus(const Server& server, ServerStatus to);
absl::Status IllegalMode(const Server& server, ServerStatus status, ServerMode mode);
// ALREADY_EXISTS UUID_TAKEN: it is in a group already.
absl::Status ServerTaken(const Server& server);

}  // namespace weft::controller
