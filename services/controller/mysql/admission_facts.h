#pragma once

#include <map>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/group.h"
#include "common/model/ids.h"
#include "services/controller/mysql/admission.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/opener.h"

namespace weft::controller {

// Asks a server all that admission wants to know, over sessions of its own that are closed again;
// changes nothing. About ten round trips and a log-in per duty. UNAVAILABLE, UNAUTHENTICATED when
// it cannot be asked. A server that is no MySQL, or too old, gives its version and nothing else.
absl::StatusOr<ServerFacts> GatherFacts(const Opener& opener, const FarmOptions& options,
                                        const HostPort& address, const Deadline& deadline,
                                        Clock* clock);

// What members say for comparison; those that cannot be asked are left out.
std::map<ServerUuid, AdmissionContext::Peer> AskPeers(const Opener& opener, const Group& group,
                                                      const Deadline& deadline);

}  // namespace weft::controller
