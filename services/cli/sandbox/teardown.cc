#include "services/cli/sandbox/teardown.h"

#include <signal.h>

#include <string>
#include <vector>

#include "common/base/status_macros.h"
#include "common/mysqld/instance.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/daemon.h"
#include "services/cli/sandbox/strays.h"

namespace weft::cli::sandbox {

absl::StatusOr<DownReport> TearDown(const Folder& folder) {
  DownReport report;
  // The controller before the servers, so that it does not react to their end. Nothing of the data
  // is wanted any more, so nobody is given time to end in order.
  for (const Daemon& daemon : Daemon::All(folder)) {
    report.processes_stopped += daemon.pid() != 0 ? 1 : 0;
    WEFT_RETURN_IF_ERROR(daemon.Kill());
  }
  std::vector<std::string> left;
  for (const std::string& dir : folder.InstanceFolders()) {
    if (const auto instance = Instance::Open(dir); instance.ok()) {
      report.processes_stopped += instance->Inspect().running ? 1 : 0;
    }
    // One that was just being started is found below.
    if (!RemoveInstance(dir).ok()) left.push_back(dir);
  }
  for (const ProcessId& stray : FindStrays(folder.dir())) {
    if (!SignalProcess(stray, SIGKILL).ok()) continue;  // Gone meanwhile.
    ++report.processes_stopped;
    WEFT_RETURN_IF_ERROR(WaitGone(stray, absl::Seconds(10)));
  }
  for (const std::string& dir : left) WEFT_RETURN_IF_ERROR(RemoveInstance(dir));
  WEFT_ASSIGN_OR_RETURN(report.folder_removed, folder.Remove());
  ReleasePorts(folder.dir());
  return report;
}

}  // namespace weft::cli::sandbox
