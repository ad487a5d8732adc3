#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/mysqld/installation.h"
#include "services/cli/sandbox/sandbox.h"

namespace weft::cli::sandbox {

// The MySQL that is called `name`, as ResolveInstallation takes it; tells before it is downloaded.
// Its errors, and CANCELLED.
absl::StatusOr<Installation> FindMysqlFor(const std::string& name, const std::string& obtain_script,
                                          const Progress& progress, const Cancelled& cancelled);

}  // namespace weft::cli::sandbox
