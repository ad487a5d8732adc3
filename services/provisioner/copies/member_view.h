#pragma once

#include "absl/status/statusor.h"
#include "protos/weft/v1/groups.pb.h"
#include "services/provisioner/copies/group_directory.h"

namespace weft::provisioner {

// A member as the controllers' API has it. What a later release says and this one does not know
// counts as FAULTY and OFFLINE. INVALID_ARGUMENT: it is no such message. Pure.
absl::StatusOr<MemberView> MemberOf(const v1::Server& server);

}  // namespace weft::provisioner
