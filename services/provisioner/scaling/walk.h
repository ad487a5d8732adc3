#pragma once
// The way of one scaling through its steps, and back where it fails. Each step may be begun anew by
// whoever resumes the job: what it has others do is done once for its request id.

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/membership.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/scaling/conductor.h"
#include "services/provisioner/scaling/group_editor.h"
#include "services/provisioner/scaling/wish.h"

namespace weft::provisioner {

// All that a scaling needs; everything outlives it. The functions are thread-safe and block for
// seconds at most.
struct ScalingPorts {
  GroupEditor* editor = nullptr;
  Inventory* inventory = nullptr;
  ProviderDirectory* directory = nullptr;
  MachineRequests* machines = nullptr;
  MembershipPorts members;
  // Begins a copy of the group onto a server, once for a request id.
  std::function<absl::StatusOr<Job>(const std::string& group, const HostPort& target,
                                    const GroupEditor::By& by)>
      clone;
  // Whether a MySQL server answers there.
  std::function<absl::Status(const MachineAddress&)> reach;
  // How many sessions of clients a server has.
  std::function<absl::StatusOr<int>(const HostPort&)> sessions;
  Clock* clock = nullptr;
};

// Of one running job; not thread-safe.
class ScalingWalk {
 public:
  ScalingWalk(ScalingPorts ports, ConductorPace pace, RunningJob* job, ScalingWish wish,
              ScalingNotes notes);

  // Does every step, and returns the operation's result. CANCELLED where the job's end was asked
  // for, or it is lost.
  absl::StatusOr<std::string> Go();
  // Puts back what may be: a member that was being drained serves again, and a machine that is none
  // of the group is destroyed, or stays listed as an orphan. Returns `why` with what stands.
  absl::Status GiveUp(const absl::Status& why);

 private:
  struct Made {  // the machines of one provider
    std::string provider;
    std::vector<size_t> steps;  // that they are for
  };

  absl::Status MakeMachines();
  absl::Status Add(size_t step);
  absl::Status Remove(size_t step);

  absl::StatusOr<HostPort> AddressOf(const std::string& machine);
  absl::StatusOr<GroupEditor::Begun> Join(size_t step, const HostPort& address);
  absl::Status CatchUp(const ServerUuid& server);
  absl::Status Serve(size_t step, const ServerUuid& server);
  absl::Status Drain(size_t step);
  // Nothing that carries a server of a group: MACHINE_IN_GROUP, GROUPS_UNKNOWN, SERVER_UNKNOWN.
  absl::Status DestroyMachine(const std::string& machine);
  absl::Status CheckCarriesNoMember(const std::string& machine);

  void Reopen(const GroupView& view);
  // What became of the machine of an addition, for people; "" where there is none.
  std::string PutBack(size_t step, const GroupView* view);

  absl::Status Keep();
  // `share` of the step at work, 0 to 1.
  void Report(double share, absl::string_view phase);
  std::string Numbered(absl::string_view what) const;  // "clone 1 of 2"
  const ScalingStep& At(size_t step) const { return wish_.steps[step]; }
  std::string Id(char what, size_t step) const;  // "c3"

  const ScalingPorts ports_;
  RunningJob* const job_;
  const ScalingWish wish_;
  ScalingNotes notes_;
  Conductor conductor_;
  std::vector<Made> made_;
  std::vector<std::string> machines_;  // uuid of each step's; empty for a removal
  size_t additions_ = 0;
  double done_ = 0;  // of the steps and the making of machines
  std::vector<ScaledServer> added_;
  std::vector<ScaledServer> removed_;
  absl::Status left_;  // why a machine stays that was to go
};

}  // namespace weft::provisioner
