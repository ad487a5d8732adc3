#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

// Makes it one that has ended at `now`, as its work did. Its result is left as it is.
void EndWith(const absl::Status& status, absl::Time now, Job* job);

// The error of a job that failed or was cancelled; OK of any other.
absl::Status ErrorOf(const Job& job);

}  // namespace weft::provisioner
