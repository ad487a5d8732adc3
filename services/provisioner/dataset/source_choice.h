#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/ids.h"
#include "common/model/server.h"

namespace weft::provisioner {

// A member of the group as a possible source. `healthy`: seen to answer, and to follow the primary
// where it is not that itself.
struct SourceCandidate {
  Server server;
  bool healthy = false;
  std::string unhealthy_because;  // where it is not, for people
};

struct SourceChoice {
  Server server;
  std::string reason;  // for people
};

// Whom to copy from: `wanted` ("servers/UUID", UUID or "host:port") where it is named, else a
// healthy spare, else a healthy secondary, the one that serves the fewest reads first, else the
// primary. Pure. NOT_FOUND UNKNOWN_SOURCE: `wanted` is not in the group. FAILED_PRECONDITION
// NO_SOURCE: nobody is fit, with why of each; SOURCE_NOT_FIT: the one wanted is not.
absl::StatusOr<SourceChoice> ChooseSource(const std::vector<SourceCandidate>& members,
                                          absl::string_view wanted);

}  // namespace weft::provisioner
