#include "services/cli/nouns/nouns.h"

namespace weft::cli {

Nouns AllNouns() {
  return {GroupNoun(),   ServerNoun(),  OperationNoun(), TopologyNoun(),   HealthNoun(),
          WhyNoun(),     EventsNoun(),  ThreatNoun(),    NodeNoun(),       ManageNoun(),
          AccountNoun(), SandboxNoun(), ShellNoun(),     CompletionNoun(), VersionNoun()};
}

}  // namespace weft::cli
