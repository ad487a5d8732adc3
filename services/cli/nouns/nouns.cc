#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Nouns AllNouns() {
  return {GroupNoun(),  ServerNoun(),  OperationNoun(), TopologyNoun(),   HealthNoun(),  WhyNoun(),
          EventsNoun(), ThreatNoun(),  NodeNoun(),      ManageNoun(),     AccountNoun(), UserNoun(),
          RoleNoun(),   SandboxNoun(), ShellNoun(),     CompletionNoun(), VersionNoun()};
}

}  // namespace weft::cli
