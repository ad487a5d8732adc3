#pragma once

#include <string>
#include <vector>

#include "common/mysqld/installation.h"
#include "common/mysqld/instance_options.h"

namespace weft {

struct MyCnfPaths {
  std::string data_dir;
  std::string tmp_dir;
  std::string socket;
  std::string pid_file;
  std::string error_log;
  std::string init_file;  // Empty: none.
};

// The my.cnf of a server. Pure. REQUIRES: options.server_id != 0. `as_root`: this user is root, as
// whom mysqld does not run without being told to.
//
// Never in it: rpl_semi_sync_replica_enabled (found ON it must prove that the server has not
// restarted since the controller admitted it: rule 4), and anything else Weft sets while running.
std::string RenderMyCnf(const Installation& installation, const InstanceOptions& options,
                        const MyCnfPaths& paths, bool as_root);

// The lines that say where this installation's files are: for every way of running its mysqld.
std::vector<std::string> InstallationLines(const Installation& installation);

// The lines that must be the same when a data directory is initialised and when it is used.
std::vector<std::string> StorageLines(int version);

}  // namespace weft
