#pragma once

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// One condition: what it is called, how bad it is, and where it holds.
struct FindingRow {
  using Emit =
      std::function<void(const ServerUuid& server, std::string message, std::string next_step)>;

  const char* code;
  Severity severity;
  void (*find)(const Snapshot& snapshot, const Emit& emit);
};

// Of what keeps Weft from acting unasked, the most deliberate first.
absl::Span<const FindingRow> GuardFindings();
// Of the group and its primary, the worst first.
absl::Span<const FindingRow> PrimaryFindings();
// Of the other servers, the worst first.
absl::Span<const FindingRow> ReplicaFindings();

// What a server or a monitor was told speaks of a disk without room.
bool SpeaksOfFullDisk(absl::string_view error);

}  // namespace weft::controller
