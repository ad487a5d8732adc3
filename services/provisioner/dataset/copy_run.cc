#include "services/provisioner/dataset/copy_run.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/disk_full.h"
#include "services/provisioner/dataset/logical_copy.h"
#include "services/provisioner/dataset/physical_copy.h"
#include "services/provisioner/dataset/plugin_copy.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

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

// Whether another attempt may do better.
bool MayMend(const absl::Status& status) {
  return !absl::IsFailedPrecondition(status) && ErrorReason(status) != kCloneUnderWay;
}

// One that was killed under a clone may be on its way back.
absl::Status EmptyPatiently(const FarmAccess& access, const CopyOrder& order,
                            const CopyWatch& watch, const std::function<bool()>& lost,
                            Clock* clock) {
  const Deadline deadline = Deadline::After(clock, order.patience);
  while (true) {
    if (lost && lost()) return absl::AbortedError("another provisioner goes on with it");
    absl::Status status = watch.may_be_emptied ? watch.may_be_emptied() : absl::OkStatus();
    if (status.ok()) status = EmptyServer(access, order, clock);
    if (status.ok() || deadline.Passed() || !MayMend(status)) return status;
    clock->Sleep(kRetry);
  }
}

}  // namespace

absl::Status LeaveEmpty(const FarmAccess& access, const CopyOrder& order,
                        const absl::Status& failure, const CopyWatch& watch,
                        const std::function<bool()>& lost, Clock* clock) {
  const std::string target = order.target.ToString();
  const absl::Status emptied = EmptyPatiently(access, order, watch, lost, clock);
  absl::Status status = Annotate(
      failure, emptied.ok() ? absl::StrCat(target, " was left empty")
                            : absl::StrCat(target, " could not be emptied (", emptied.message(),
                                           ") and holds no whole copy"));
  AddErrorMetadata(status, "target", emptied.ok() ? "empty" : "unknown");
  return status;
}

absl::StatusOr<CopyFigures> RunCopy(const FarmAccess& access, CopyMethod method,
                                    const CopyOrder& order, const CopyWatch& watch,
                                    const std::function<bool()>& lost, Clock* clock) {
  absl::StatusOr<CopyFigures> copied = CopyBy(method, access, order, watch, clock);
  if (copied.ok() || (lost && lost())) return copied;
  if (ErrorReason(copied.status()) == kCloneUnderWay) return copied;  // the target is another's
  if (watch.report) watch.report({.phase = absl::StrCat("empty ", order.target.ToString())});
  absl::Status failure = copied.status();
  if (SaysFull(failure)) {
    failure = DiskTooSmall(order.target, "room for the source's data", failure.message());
  }
  return LeaveEmpty(access, order, failure, watch, lost, clock);
}

}  // namespace weft::provisioner
