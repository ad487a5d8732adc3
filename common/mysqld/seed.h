#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/installation.h"

namespace weft {

// Makes a new data directory in `data_dir` (which must not exist): root@localhost without a
// password and no other login, no auto.cnf. A copy of a seed, which is initialised once per
// installation in its seed_dir, under a lock (2 to 3 s); where seed_dir cannot be written,
// initialised in place. TLS and RSA keys are of the seed, so the same in all copies: right for
// servers of this machine. On failure nothing is left of `data_dir`.
absl::Status MakeDataDir(const Installation& installation, const std::string& data_dir);

}  // namespace weft
