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
// In which a session that was ended on the target undoes what it did.
constexpr absl::Duration kUndo = absl::Minutes(30);

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
absl::Status EmptyPatiently(const FarmAccess& access, const CopyOrder& order, bool held,
                            const CopyWatch& watch, const std::function<bool()>& lost,
                            Clock* clock) {
  const Deadline answers = Deadline::After(clock, order.patience);
  const Deadline undone = Deadline::After(clock, kUndo);
  while (true) {
    if (lost && lost()) return absl::AbortedError("another provisioner goes on with it");
    absl::Status status = watch.may_be_emptied ? watch.may_be_emptied() : absl::OkStatus();
    if (status.ok()) status = EmptyServer(access, order, held, clock);
    const Deadline& deadline = ErrorReason(status) == kTargetBusy ? undone : answers;
    if (status.ok() || deadline.Passed() || !MayMend(status)) return status;
    clock->Sleep(kRetry);
  }
}

std::string WhatIsLeft(const HostPort& target, const absl::Status& emptied) {
  const std::string name = target.ToString();
  if (emptied.ok()) return absl::StrCat(name, " was left empty");
  if (ErrorReason(emptied) == kTargetNotOwn) {
    return absl::StrCat(name, " was left as it is: ", emptied.message());
  }
  return absl::StrCat(name, " could not be emptied (", emptied.message(),
                      ") and holds no whole copy");
}

absl::Status WithWhatIsLeft(const absl::Status& failure, const HostPort& target,
                            const absl::Status& emptied) {
  absl::Status status = Annotate(failure, WhatIsLeft(target, emptied));
  AddErrorMetadata(status, "target", emptied.ok() ? "empty" : "unknown");
  return status;
}

}  // namespace

absl::Status LeaveEmpty(const FarmAccess& access, const CopyOrder& order, bool held,
                        const absl::Status& failure, const CopyWatch& watch,
                        const std::function<bool()>& lost, Clock* clock) {
  // Not even other sessions are ended there.
  const bool begun = held || order.resumed;
  const absl::Status emptied =
      begun ? EmptyPatiently(access, order, held, watch, lost, clock) : TargetNotOwn(order.target);
  return WithWhatIsLeft(failure, order.target, emptied);
}

absl::StatusOr<CopyFigures> RunCopy(const FarmAccess& access, CopyMethod method,
                                    const CopyOrder& order, const CopyWatch& watch,
                                    const std::function<bool()>& lost, Clock* clock) {
  bool held = false;
  CopyWatch own = watch;
  own.on_hold = [&held] { held = true; };
  absl::StatusOr<CopyFigures> copied = CopyBy(method, access, order, own, clock);
  if (copied.ok() || (lost && lost())) return copied;
  if (ErrorReason(copied.status()) == kCloneUnderWay) return copied;  // the target is another's
  if (watch.report) watch.report({.phase = absl::StrCat("empty ", order.target.ToString())});
  absl::Status failure = copied.status();
  if (SaysFull(failure)) {
    failure = DiskTooSmall(order.target, "room for the source's data", failure.message());
  }
  return LeaveEmpty(access, order, held, failure, watch, lost, clock);
}

}  // namespace weft::provisioner
