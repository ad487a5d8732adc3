#include "services/provisioner/scaling/conductor.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/job_end.h"

namespace weft::provisioner {
namespace {

bool IsSilence(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

absl::Status Conductor::Stopped() {
  return Refusal(absl::StatusCode::kCancelled, "CANCELLED", "somebody asked for its end");
}

absl::Duration Conductor::PatienceWith(const absl::Status& status) const {
  if (ErrorReason(status) == "TOO_MANY_OPERATIONS") return pace_.until_room;
  return IsSilence(status) ? pace_.patience : absl::ZeroDuration();
}

std::string Conductor::RequestId(absl::string_view step) const {
  return absl::StrCat(job_->id(), ".", step);
}

absl::StatusOr<Job> Conductor::Child(absl::string_view step, Begin begin) {
  const std::string id = RequestId(step);
  return Retry([&]() -> absl::StatusOr<Job> {
    WEFT_ASSIGN_OR_RETURN(const std::optional<Job> earlier, inventory_->FindByRequest(id));
    if (earlier.has_value()) return *earlier;
    return begin(id);
  });
}

absl::Status Conductor::Await(const std::string& operation, absl::Duration timeout,
                              absl::FunctionRef<void(const Job&)> watch) {
  std::optional<Deadline> end;  // once its end was asked for
  const Deadline deadline = Deadline::After(clock_, timeout);
  while (true) {
    if (job_->lost()) return Stopped();
    const absl::StatusOr<Job> now = inventory_->GetJob(operation);
    if (!now.ok() && !IsSilence(now.status())) return now.status();
    if (now.ok()) watch(*now);
    if (now.ok() && now->state == JobState::kCancelled && !end.has_value()) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "STEP_CANCELLED",
                     absl::StrCat("operation ", operation, " (", now->kind,
                                  "), a step of this one, was cancelled"));
    }
    if (now.ok() && now->done()) return end.has_value() ? Stopped() : ErrorOf(*now);
    if (IsStopped() && !end.has_value()) {
      editor_->Cancel(operation, job_->user()).IgnoreError();
      end = Deadline::After(clock_, pace_.until_cancelled);
    }
    if (end.has_value() && end->Passed()) return Stopped();
    if (deadline.Passed()) {
      return Refusal(absl::StatusCode::kDeadlineExceeded, "STILL_RUNNING",
                     absl::StrCat("operation ", operation, ", a step of this one, does not end"),
                     absl::StrCat("its end within ", absl::FormatDuration(timeout)),
                     now.ok() ? now->phase : std::string(now.status().message()),
                     absl::StrCat("weft operation show ", operation));
    }
    clock_->Sleep(pace_.poll);
  }
}

absl::Status Conductor::Until(absl::Duration timeout,
                              absl::FunctionRef<absl::StatusOr<bool>()> done) {
  const Deadline deadline = Deadline::After(clock_, timeout);
  while (true) {
    if (IsStopped()) return Stopped();
    const absl::StatusOr<bool> is_done = done();
    if (is_done.ok() && *is_done) return absl::OkStatus();
    if (!is_done.ok() && !IsSilence(is_done.status())) return is_done.status();
    if (deadline.Passed()) return absl::DeadlineExceededError("");
    clock_->Sleep(pace_.poll);
  }
}

}  // namespace weft::provisioner
