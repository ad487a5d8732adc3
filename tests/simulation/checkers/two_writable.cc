// Rule 2: two servers never both accept commits in overlapping epochs; and what an epoch of
// lossless promises is never told before it was acknowledged (rule 5).
#include "absl/strings/str_cat.h"
#include "tests/simulation/checkers.h"

namespace weft::simulation {

void Checkers::CheckOnePrimary(const Group& record, const Acked& acked,
                               const std::vector<SimServer>& servers) {
  const SimServer& server = servers[acked.server];
  // Under async an old primary that was not reached may go on, and the group says so.
  if (!lossless_epoch_ || record.epoch == 0 || server.old_version) return;
  if (server.uuid == record.primary || at_large_.contains(server.uuid)) return;
  // An acknowledgement from before the change may be read late: the write is then on both.
  for (const SimServer& other : servers) {
    if (other.uuid == record.primary && other.executed[acked.transaction]) return;
  }
  Fail("rule 2, two servers accept commits",
       absl::StrCat(server.address.host, " told a client OK at ", acked.at, " ms in epoch ",
                    record.epoch, " of another primary"));
}

void Checkers::CheckWaited(const Group& record, const Acked& acked,
                           const std::vector<SimServer>& servers) {
  const SimServer& server = servers[acked.server];
  if (acked.waited || !commits_wait_ || server.uuid != record.primary) return;
  if (record.durability != Durability::kLossless) return;
  Fail("rule 5, writable before semi-sync is on",
       absl::StrCat(server.address.host, " told a client OK at ", acked.at,
                    " ms without an acknowledgement"));
}

}  // namespace weft::simulation
