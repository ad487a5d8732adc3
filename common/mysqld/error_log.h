#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft {

// Why a mysqld did not start, from what it wrote to its error log since then. Pure.
// ALREADY_EXISTS (PORT_IN_USE), RESOURCE_EXHAUSTED (DISK_FULL, OUT_OF_MEMORY), else INTERNAL with
// its last errors. `server` names it in the message, `log_path` is where a person reads on.
absl::Status DiagnoseErrorLog(absl::string_view log, absl::string_view server,
                              absl::string_view log_path);

// The last few errors of a log, on one line; empty: none.
std::string ErrorLines(absl::string_view log);

}  // namespace weft
