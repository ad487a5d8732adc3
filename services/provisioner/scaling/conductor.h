#pragma once
// How a job works through others: begins each once, however often it is begun itself, waits for
// their ends, and bears that nobody answers for a while.

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/scaling/group_editor.h"

namespace weft::provisioner {

struct ConductorPace {
  // Between two looks at what is waited for.
  absl::Duration poll = absl::Milliseconds(250);
  // How long a call is repeated while nobody answers it.
  absl::Duration patience = absl::Minutes(1);
  // How long an operation is asked for while the provisioner has too many.
  absl::Duration until_room = absl::Minutes(10);
  // How long an operation may take to end once that was asked for.
  absl::Duration until_cancelled = absl::Minutes(2);
};

// Of one running job; not thread-safe. What waits or repeats returns CANCELLED soon after the job's
// end was asked for, but once GivesUp was called only where the job is lost.
class Conductor {
 public:
  // All outlive this.
  Conductor(ConductorPace pace, RunningJob* job, Inventory* inventory, GroupEditor* editor,
            Clock* clock)
      : pace_(pace), job_(job), inventory_(inventory), editor_(editor), clock_(clock) {}

  // From now on what was begun is put back, whoever asks for an end.
  void GivesUp() { gives_up_ = true; }

  // The request id of a step: the same whoever does it.
  std::string RequestId(absl::string_view step) const;
  GroupEditor::By By(absl::string_view step) const { return {job_->user(), RequestId(step)}; }

  // The job of the step, begun by whoever came first. `begin` is given its request id.
  using Begin = absl::FunctionRef<absl::StatusOr<Job>(const std::string& request_id)>;
  absl::StatusOr<Job> Child(absl::string_view step, Begin begin);
  // Until the operation has ended, of a provisioner or a controller: its error where it failed.
  // Cancels it where this job's own end is asked for.
  absl::Status Await(const std::string& operation, absl::Duration timeout,
                     absl::FunctionRef<void(const Job&)> watch);
  // Until `done`: DEADLINE_EXCEEDED, or what it refuses with. That nobody answers is no refusal.
  absl::Status Until(absl::Duration timeout, absl::FunctionRef<absl::StatusOr<bool>()> done);

  // What `call` (of absl::Status or absl::StatusOr) returns, repeated while nobody answers it.
  template <typename Call>
  auto Retry(Call call) -> decltype(call()) {
    const absl::Duration start = clock_->MonotonicNow();
    while (true) {
      if (IsStopped()) return Stopped();
      auto result = call();
      if (clock_->MonotonicNow() - start >= PatienceWith(StatusIn(result))) return result;
      clock_->Sleep(pace_.poll);
    }
  }

 private:
  static const absl::Status& StatusIn(const absl::Status& status) { return status; }
  template <typename T>
  static const absl::Status& StatusIn(const absl::StatusOr<T>& result) {
    return result.status();
  }

  bool IsStopped() const { return gives_up_ ? job_->lost() : job_->cancelled(); }
  static absl::Status Stopped();
  // How long a call that ends so is repeated; zero: not at all.
  absl::Duration PatienceWith(const absl::Status& status) const;

  const ConductorPace pace_;
  RunningJob* const job_;
  Inventory* const inventory_;
  GroupEditor* const editor_;
  Clock* const clock_;
  bool gives_up_ = false;
};

}  // namespace weft::provisioner
