#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/provisioner/dataset/copy.h"

namespace weft::provisioner {

// {"bytes_done":300,"bytes_total":1000,"rows_done":7,"seconds_left":24}, without what is not known;
// "" where nothing is. Pure.
std::string ProgressJson(const CopyProgress& progress, absl::Duration elapsed);

}  // namespace weft::provisioner
