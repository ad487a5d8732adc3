#include "services/provisioner/dataset/copy_run.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/logical_copy.h"
#include "services/provisioner/dataset/physical_copy.h"
#include "services/provisioner/dataset/plugin_copy.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

// A target that was killed under a clone may be on its way back.
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kRetry = absl::Seconds(1);

absl::StatusOr<CopyFigures> CopyBy(CopyMethod method, const FarmAccess& access,
                                   const CopyOrder& order, const CopyWatch& watch, Clock* clock) {
  switch (method) {
    case CopyMethod::kPlugin:
      return CopyByPlugin(access, order, watch, clock);
    case CopyMethod::kPhysical:
      return CopyByFiles(access, order, watch, clock);
    case CopyMethod::kLogical:
      return CopyByRows(access, order, watch, clock);
    case CopyMethod::kAuto:
      break;
  }
  return absl::InternalError("a copy without a method");
}

absl::Status EmptyPatiently(const FarmAccess& access, const HostPort& target, Clock* clock) {
  const Deadline deadline = Deadline::After(clock, kPatience);
  while (true) {
    const absl::Status status = EmptyServer(access, target);
    if (status.ok() || deadline.Passed()) return status;
    clock->Sleep(kRetry);
  }
}

}  // namespace

absl::StatusOr<CopyFigures> RunCopy(const FarmAccess& access, CopyMethod method,
                                    const CopyOrder& order, const CopyWatch& watch,
                                    const std::function<bool()>& lost, Clock* clock) {
  absl::StatusOr<CopyFigures> copied = CopyBy(method, access, order, watch, clock);
  if (copied.ok() || (lost && lost())) return copied;
  const std::string target = order.target.ToString();
  if (watch.report) watch.report({.phase = absl::StrCat("empty ", target)});
  const absl::Status emptied = EmptyPatiently(access, order.target, clock);
  absl::Status status = Annotate(
      copied.status(), emptied.ok() ? absl::StrCat(target, " was left empty")
                                    : absl::StrCat(target, " could not be emptied (",
                                                   emptied.message(), ") and holds no whole copy"));
  AddErrorMetadata(status, "target", emptied.ok() ? "empty" : "unknown");
  return status;
}

}  // namespace weft::provisioner
