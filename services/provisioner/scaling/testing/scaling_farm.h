#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "services/provisioner/copies/testing/fake_group_directory.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/machine_work.h"
#include "services/provisioner/ports/memory_inventory.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/scaling/scaling_requests.h"
#include "services/provisioner/scaling/testing/fake_cloud.h"
#include "services/provisioner/scaling/testing/fake_groups.h"
#include "services/provisioner/sealing.h"

namespace weft::provisioner {

// All that scalings need, in memory: the group "g" of a primary at db:3301 and secondaries at
// db:3302 and db:3303, the provider "here", and jobs that create machines and "clone" at once.
class ScalingFarm {
 public:
  explicit ScalingFarm(size_t max_running = 16)
      : runner_({.name = "p", .period = absl::Milliseconds(20), .max_running = max_running},
                &inventory, RealClock::Get()) {
    ProviderDirectory::Registration registration;
    registration.record.id = "here";
    registration.record.type = "cloud";
    directory_.Register(registration, Deadline()).IgnoreError();
    groups.Put(1, ServerStatus::kPrimary);
    groups.Put(2, ServerStatus::kSecondary);
    groups.Put(3, ServerStatus::kSecondary);
    work_.Serve(&runner_);
    runner_.Handle("clone", [this](RunningJob& job) { return clone(job); });
  }
  ~ScalingFarm() { runner_.Stop(); }

  ScalingPorts Ports() {
    return {.editor = &groups,
            .inventory = &inventory,
            .directory = &directory_,
            .machines = &machines_,
            .members = members_,
            .clone = [this](const std::string& group, const HostPort& target,
                            const GroupEditor::By& by) -> absl::StatusOr<Job> {
              if (gate) {
                if (const absl::Status shut = gate(); !shut.ok()) return shut;
              }
              return runner_.Run({.kind = "clone",
                                  .group = group,
                                  .request_id = by.request_id,
                                  .user = by.user,
                                  .request = target.ToString()});
            },
            .reach = [](const MachineAddress&) { return absl::OkStatus(); },
            .sessions = [this](const HostPort& server) { return sessions(server); },
            .clock = RealClock::Get()};
  }
  static ConductorPace Pace() {
    return {.poll = absl::Milliseconds(1),
            .patience = absl::Milliseconds(30),
            .until_room = absl::Seconds(20),
            .until_cancelled = absl::Seconds(20)};
  }
  JobRunner* runner() { return &runner_; }
  ProviderDirectory* directory() { return &directory_; }

  // Set before the first job.
  JobRunner::Work clone = [](RunningJob&) -> absl::StatusOr<std::string> { return "{}"; };
  std::function<absl::StatusOr<int>(const HostPort&)> sessions = [](const HostPort&) { return 0; };
  std::function<absl::Status()> gate;  // as FakeGroups::gate, of clones
  // Of groups other than "g", and who answers at the addresses of machines.
  FakeGroupDirectory memberships;
  std::function<absl::StatusOr<ServerUuid>(const HostPort&)> server_at = [](const HostPort&) {
    return absl::UnavailableError("connection refused");
  };

  FakeCloud cloud;
  MemoryInventory inventory;
  FakeGroups groups{&inventory};

 private:
  static constexpr char kKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

  ProviderDirectory directory_{&inventory,
                               std::make_shared<const Seal>(*Seal::Create(kKey)),
                               {.clock = RealClock::Get()},
                               FakeCloud::Types()};
  const MembershipPorts members_ = {
      .groups = &memberships,
      .server_at = [this](const HostPort& address) { return server_at(address); },
      .addresses_of = [](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        return absl::NotFoundError("no such name");
      }};
  MachineWork work_{{.poll = absl::Milliseconds(1),
                     .reach = [](const MachineAddress&) { return absl::OkStatus(); }},
                    &inventory,
                    &directory_,
                    members_,
                    RealClock::Get()};
  JobRunner runner_;
  MachineRequests machines_{&inventory, &directory_, members_, &runner_, RealClock::Get()};
};

}  // namespace weft::provisioner
