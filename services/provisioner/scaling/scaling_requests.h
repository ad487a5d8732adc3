#pragma once
// What may be asked of a group's size: plans it, begins the job that does it, and does it.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/scaling/conductor.h"
#include "services/provisioner/scaling/plan.h"
#include "services/provisioner/scaling/walk.h"
#include "services/provisioner/scaling/wish.h"

namespace weft::provisioner {

// What somebody asked for.
struct ScalingAsked {
  std::string group;
  std::optional<int> servers;  // to have so many members; absent: to heal
  ScalingTerms terms;
  ScalingWish wish;  // without steps; user_data in clear
};

// Thread-safe. Blocks for seconds: it asks the controllers.
class ScalingRequests {
 public:
  // All outlive this. Tells `runner` what jobs of the kinds "scale-group" and "heal-group" do.
  ScalingRequests(ScalingPorts ports, ConductorPace pace, JobRunner* runner);

  struct Begun {
    Job job;  // empty with validate_only, and where nothing is to be done
    ScalingPlan plan;
  };
  // Errors as the API has them (protos/weft/v1/scaling.proto).
  absl::StatusOr<Begun> Scale(const ScalingAsked& asked, const Caller& caller);

 private:
  absl::StatusOr<ScalingGroup> See(const std::string& group);
  absl::StatusOr<ScalingPlan> Plan(const ScalingAsked& asked);
  // ABORTED SCALING_UNDER_WAY unless `job` is the only one, or the first, that changes the size of
  // the group. `job` is empty for one that has not begun.
  absl::Status CheckAlone(const std::string& group, const std::string& job);
  absl::StatusOr<std::string> Work(RunningJob& job);

  const ScalingPorts ports_;
  const ConductorPace pace_;
  JobRunner* const runner_;
};

}  // namespace weft::provisioner
