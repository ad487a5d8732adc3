#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/model/group.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// Calls `write` with the record of `group` as it is now, again while another write comes between
// (REVISION_MOVED), a few times at most. Blocks on the store.
absl::Status WithRecord(Store* store, const std::string& group,
                        absl::FunctionRef<absl::Status(const Group&)> write);

}  // namespace weft::controller
