#pragma once

#include <string>
#include <vector>

#include "common/mysqld/process.h"

namespace weft::cli::sandbox {

// Processes of this user that were started for the sandbox in `dir`, by their command lines: for
// what no pid file knows of, because the one that started it was killed at that moment. Supervisors
// come first, so that ended in this order nothing is started again.
std::vector<ProcessId> FindStrays(const std::string& dir);

// True if a process with that command line was started for the sandbox in `dir`: one of the
// programs a sandbox runs, with a file of the sandbox as the value of an option. Pure.
bool BelongsToSandbox(const std::vector<std::string>& argv, const std::string& dir);

}  // namespace weft::cli::sandbox
