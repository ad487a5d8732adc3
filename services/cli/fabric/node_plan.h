#pragma once
// What a node of Weft is made of, from what fabric.cfg says. Pure.
#include <string>
#include <utility>
#include <vector>

#include "services/cli/fabric/settings.h"

namespace weft::cli::mysqlfabric {

struct NodeProcess {
  std::string name;               // "weft-controller"
  std::vector<std::string> argv;  // argv[0] is the program's name: where it is, the caller knows.
  std::string health;             // host:port of its gRPC.
};

// A name of a file and what is in it: passwords never stand on a command line.
using Secret = std::pair<std::string, std::string>;

// The user that the processes of one node call each other as, with a password made anew at each
// start.
inline constexpr char kNodeUser[] = "weft-node";
inline constexpr char kNodeSecret[] = "node";

// The secrets of a node, without those that are empty.
std::vector<Secret> NodeSecrets(const Settings& settings, const std::string& node_password);

// weft-controller, weft-monitor, weft-gateway: in the order to start them, the reverse of that to
// end them. `folder` holds NodeSecrets by name; `host` names this machine to people.
std::vector<NodeProcess> PlanNode(const Settings& settings, const std::string& folder,
                                  const std::string& host);

// The controller alone, listening at `listen`: what setup and teardown ask.
NodeProcess PlanController(const Settings& settings, const std::string& folder,
                           const std::string& host, const std::string& listen);

// Its arguments that make the schema of the state store and end.
std::vector<std::string> SetUpArguments(const NodeProcess& controller);

}  // namespace weft::cli::mysqlfabric
