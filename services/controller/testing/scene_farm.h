#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/controller/core/fixture.h"
#include "services/controller/ports/farm.h"

namespace weft::controller::testing {

// Servers that are as a scene says, whatever is done to them; what is done is written down.
class SceneFarm : public Farm {
 public:
  Scene scene{"abc"};
  std::vector<std::string> done;
  int looks = 0;
  std::function<void()> during_look = [] {};
  std::string failing;  // a step that fails, as text
  // Happens in the midst of each step.
  std::function<void()> meanwhile = [] {};
  int interruptions = 0;

  std::map<ServerUuid, Observation> Probe(const Group&, absl::Duration) override {
    ++looks;
    during_look();
    return scene.snapshot().seen;
  }
  absl::Status Apply(const Group&, const Step& step, absl::Duration) override {
    done.push_back(Text(step));
    const int before = interruptions;
    meanwhile();
    if (interruptions > before) return absl::UnavailableError("it was cut");
    return done.back() == failing ? absl::UnavailableError("it broke") : absl::OkStatus();
  }
  void Interrupt(const Group&, const std::set<ServerUuid>&) override { ++interruptions; }
  absl::StatusOr<Admission> Admit(const Group&, const HostPort&, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<ServerUuid> Identify(const HostPort&, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<Neighbours> Discover(const HostPort&, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<ServerUuid> Clone(const Group&, const ServerUuid&, const ServerUuid&,
                                   std::function<void(double)>, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::string> SaveTransactions(const Group&, const ServerUuid&, const GtidSet&,
                                               absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<Rewound> Rewind(const Group&, const ServerUuid&, const GtidSet&, bool,
                                 std::function<void(double)>, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  absl::Status RotatePassword(const Group&, absl::string_view, absl::string_view,
                              absl::Duration) override {
    return absl::UnimplementedError("");
  }
  void Forget(const HostPort&) override {}
};

}  // namespace weft::controller::testing
