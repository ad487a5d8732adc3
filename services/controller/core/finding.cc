#include "services/controller/core/finding.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/controller/core/finding_rows.h"
#include "services/controller/core/guards.h"

namespace weft::controller {

bool SpeaksOfFullDisk(absl::string_view error) {
  // 28 is ENOSPC; ER_DISK_FULL and ER_RECORD_FILE_FULL, as clients and as replicas tell of them.
  constexpr absl::string_view kWords[] = {
      "No space left on device", "errno: 28", "Got error 28 ", "[MySQL error 1021]",
      "[MySQL error 1114]",      "MY-001021", "MY-001114",     "' is full"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [error](absl::string_view words) { return absl::StrContains(error, words); });
}

std::vector<Finding> Find(const Snapshot& snapshot) {
  std::vector<Finding> findings;
  for (const absl::Span<const FindingRow> table :
       {GuardFindings(), PrimaryFindings(), ReplicaFindings()}) {
    // What guards the group is not what the window is for.
    const bool mutes = table.data() != GuardFindings().data();
    for (const FindingRow& row : table) {
      row.find(snapshot, [&](const ServerUuid& server, std::string message, std::string next_step) {
        findings.push_back(Finding{
            .code = row.code,
            .severity = row.severity,
            .server = server,
            .message = std::move(message),
            .next_step = std::move(next_step),
            .muted = mutes && (InMaintenance(snapshot) || InMaintenance(snapshot, server))});
      });
    }
  }
  return findings;
}

}  // namespace weft::controller
