#include "services/controller/core/finding.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "services/controller/core/finding_rows.h"

namespace weft::controller {

std::vector<Finding> Find(const Snapshot& snapshot) {
  std::vector<Finding> findings;
  for (const absl::Span<const FindingRow> table : {PrimaryFindings(), ReplicaFindings()}) {
    for (const FindingRow& row : table) {
      row.find(snapshot, [&](const ServerUuid& server, std::string message, std::string next_step) {
        findings.push_back(Finding{.code = row.code,
                                   .severity = row.severity,
                                   .server = server,
                                   .message = std::move(message),
                                   .next_step = std::move(next_step)});
      });
    }
  }
  return findings;
}

}  // namespace weft::controller
