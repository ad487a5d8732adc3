#include "services/provisioner/job_end.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::provisioner {

void EndWith(const absl::Status& status, absl::Time now, Job* job) {
  job->updated = now;
  if (status.ok()) {
    job->state = JobState::kSucceeded;
    job->progress = 1;
    job->phase = "done";
    return;
  }
  job->state = absl::IsCancelled(status) ? JobState::kCancelled : JobState::kFailed;
  job->error_reason = ErrorReason(status);
  if (job->error_reason.empty()) job->error_reason = absl::StatusCodeToString(status.code());
  job->error_message = DescribeError(status);
}

absl::Status ErrorOf(const Job& job) {
  if (job.state == JobState::kCancelled) {
    return Refusal(absl::StatusCode::kCancelled, "CANCELLED",
                   absl::StrCat("operation ", job.id, " was cancelled"));
  }
  if (job.state != JobState::kFailed) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, job.error_reason, job.error_message);
}

}  // namespace weft::provisioner
