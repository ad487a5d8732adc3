#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// A farm that measures its looks. All else is passed on.
class TimedFarm : public Farm {
 public:
  using Probed = std::function<void(absl::Duration took)>;

  // `farm` and `clock` outlive this.
  TimedFarm(Farm* farm, Clock* clock, Probed probed)
      : farm_(farm), clock_(clock), probed_(std::move(probed)) {}

  void SetTerm(uint64_t term, std::function<bool()> still_leading) override {
    farm_->SetTerm(term, std::move(still_leading));
  }
  std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) override {
    const absl::Duration began = clock_->MonotonicNow();
    std::map<ServerUuid, Observation> seen = farm_->Probe(group, deadline);
    probed_(clock_->MonotonicNow() - began);
    return seen;
  }
  absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) override {
    return farm_->Apply(group, step, deadline);
  }
  void Interrupt(const Group& group, const std::set<ServerUuid>& servers) override {
    farm_->Interrupt(group, servers);
  }
  absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                  absl::Duration deadline) override {
    return farm_->Admit(group, address, deadline);
  }
  absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) override {
    return farm_->Identify(address, deadline);
  }
  absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) override {
    return farm_->Discover(address, deadline);
  }
  absl::StatusOr<ServerUuid> Clone(const Group& group, const ServerUuid& recipient,
                                   const ServerUuid& donor, std::function<void(double)> progress,
                                   absl::Duration deadline) override {
    return farm_->Clone(group, recipient, donor, std::move(progress), deadline);
  }
  absl::StatusOr<Rewound> Rewind(const Group& group, const ServerUuid& server,
                                 const GtidSet& errant, bool dry_run,
                                 std::function<void(double)> progress,
                                 absl::Duration deadline) override {
    return farm_->Rewind(group, server, errant, dry_run, std::move(progress), deadline);
  }
  absl::StatusOr<std::string> SaveTransactions(const Group& group, const ServerUuid& server,
                                               const GtidSet& set,
                                               absl::Duration deadline) override {
    return farm_->SaveTransactions(group, server, set, deadline);
  }
  absl::Status RotatePassword(const Group& group, absl::string_view duty,
                              absl::string_view new_password, absl::Duration deadline) override {
    return farm_->RotatePassword(group, duty, new_password, deadline);
  }
  void Forget(const HostPort& address) override { farm_->Forget(address); }

 private:
  Farm* const farm_;
  Clock* const clock_;
  const Probed probed_;
};

}  // namespace weft::controller
