#include "services/controller/core/durability.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/strangers.h"

namespace weft::controller {

std::string EffectiveDurability(const Snapshot& snapshot) {
  const Group& group = snapshot.group;
  if (group.durability == Durability::kAsync) return "async";
  if (group.primary.empty()) return "async: the group has no primary";
  const std::string name = NameOf(group, group.primary);
  const Observation& primary = snapshot.Of(group.primary);
  if (primary.reached() && !primary.can_semi_sync) {
    return absl::StrCat("async: ", name, " (", primary.version,
                        ") has no lossless semi-synchronous replication");
  }
  if (!IsLosslessEpoch(group) && MayContinueAlone(group)) {
    return "async: no secondary acknowledges, and commits go on without "
           "(on_last_acknowledger_lost is continue)";
  }
  if (!IsLosslessEpoch(group)) return "async: no secondary has caught up and acknowledges yet";
  if (snapshot.strangers.has_value()) {  // guard: rule 3
    return absl::StrCat("async: ", StrangersText(snapshot, *snapshot.strangers));
  }
  const std::optional<Strangers> found = FindStrangers(snapshot);
  if (found.has_value() && !snapshot.once_without_strangers) {  // guard: rule 3
    return absl::StrCat("async: it is not clear yet who acknowledges: ",
                        StrangersText(snapshot, *found));
  }
  if (!primary.reached()) return "lossless";
  if (!primary.semi_sync.source_enabled) {
    return absl::StrCat("async: semi-synchronous replication is off on ", name);
  }
  if (!IsArmed(primary, WaitFor(group))) {
    return absl::StrCat("async: ", name, " waits for ", primary.semi_sync.source_wait_for,
                        " acknowledgements",
                        primary.semi_sync.source_endless ? "" : ", and not for ever");
  }
  if (!primary.semi_sync.source_active) {
    return absl::StrCat("async: ", name, " has fallen back to asynchronous replication");
  }
  return "lossless";
}

}  // namespace weft::controller
