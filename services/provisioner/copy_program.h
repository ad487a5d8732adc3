#pragma once
// One copy by this process alone, without state store, controllers and gRPC: what
// `weft sandbox add-server --from` runs.

#include <cstdint>
#include <functional>
#include <ostream>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

struct CopyProgram {
  HostPort from;
  // Must be empty, and stands for a server that nobody knows yet.
  HostPort onto;
  CopyMethod method = CopyMethod::kAuto;
  uint64_t bytes_per_second = 0;  // 0: no bound
  int streams = 4;
  // Who copied it may write to it at once; false: it stays read-only.
  bool opens = false;
};

// Blocks until the copy stands or failed, and writes to `out` a JSON object a line, each flushed:
// {"text": "copy rows: ..."} when there is news, at most some a second, and at last
// {"done": {"method", "reason", "bytes", "rows", "seconds"}} or
// {"error": {"message", "reason", "expected", "found", "next_step"}}. Errors: those of JudgeCopy
// and RunCopy, as they are written. Physical copies, which hold up the source's commits, are never
// chosen by kAuto. `cancelled` is asked several times a second, from any thread.
absl::Status RunCopyProgram(const CopyProgram& program, const FarmAccess& access,
                            const std::function<bool()>& cancelled, std::ostream& out,
                            Clock* clock);

}  // namespace weft::provisioner
