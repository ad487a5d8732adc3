#include "services/controller/core/finding.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "services/controller/core/finding_rows.h"
#include "services/controller/core/guards.h"

namespace weft::controller {

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
