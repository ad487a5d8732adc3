#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Nouns AllNouns() {
  return {GroupNoun(),   ServerNoun(),   OperationNoun(), TopologyNoun(), HealthNoun(),
          WhyNoun(),     EventsNoun(),   AuditNoun(),     ThreatNoun(),   NodeNoun(),
          ManageNoun(),  AccountNoun(),  UserNoun(),      RoleNoun(),     ProviderNoun(),
          MachineNoun(), SnapshotNoun(), SandboxNoun(),   ShellNoun(),    CompletionNoun(),
          VersionNoun()};
}

}  // namespace weft::cli
