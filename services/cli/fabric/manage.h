#pragma once
// `manage setup`, `start` and `teardown`: a node of Weft on this machine, by what fabric.cfg says.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/interrupt.h"
#include "services/cli/client.h"
#include "services/cli/fabric/grammar.h"
#include "services/cli/fabric/person.h"
#include "services/cli/fabric/settings.h"

namespace weft::cli::mysqlfabric {

struct Place {
  Person* person = nullptr;
  Interrupt* interrupt = nullptr;
  std::string program;  // The absolute path of this program.
};

// setup: makes the schema of the state store and the user admin. Repeatable: what is there stays.
// start: runs controller, monitor and gateway until they are stopped (manage stop, SIGTERM, SIGINT)
//   or one of them ends; with --daemonize returns once they serve.
// teardown: drops the state store. FAILED_PRECONDITION: a node works with it.
// REQUIRES: line.command is one of these.
absl::Status RunManage(const Line& line, const Settings& settings, const Place& place);

// Runs the node whose plan `manage start --daemonize` has left in `folder`. Returns the exit code.
int RunPlannedNode(const std::string& folder, const Place& place);

// How `manage start` calls itself: these words and a folder.
inline constexpr char kRunPlan[] = "--run-plan";

// Connects to nobody yet. Errors as Client::Create.
absl::StatusOr<std::unique_ptr<Client>> ConnectControllers(
    const std::vector<std::string>& addresses, const std::optional<Account>& account,
    Interrupt* interrupt);

}  // namespace weft::cli::mysqlfabric
