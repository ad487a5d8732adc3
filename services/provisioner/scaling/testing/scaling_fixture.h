#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error_details.h"
#include "services/provisioner/scaling/testing/scaling_farm.h"

namespace weft::provisioner {

// Scalings of the group of a ScalingFarm.
class ScalingTest : public ::testing::Test {
 protected:
  ScalingTest() { Serve(); }
  ~ScalingTest() override { farm_.runner()->Stop(); }

  void Serve() {
    requests_.emplace(farm_.Ports(), ScalingFarm::Pace(), farm_.runner());
    farm_.runner()->Start();
  }

  static ScalingAsked To(int servers) {
    ScalingAsked asked;
    asked.group = "g";
    asked.servers = servers;
    return asked;
  }
  static ScalingAsked ToHeal() {
    ScalingAsked asked;
    asked.group = "g";
    return asked;
  }
  // The operation as it ended.
  Job Do(const ScalingAsked& asked, const std::string& request_id = "") {
    const auto begun = requests_->Scale(asked, {.user = "jane", .request_id = request_id});
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? Ended(begun->job.id) : Job();
  }
  std::string Refused(const ScalingAsked& asked) {
    return ErrorReason(requests_->Scale(asked, {}).status());
  }
  Job Ended(const std::string& id) {
    EXPECT_TRUE(Eventually([&] { return farm_.inventory.GetJob(id)->done(); }));
    return *farm_.inventory.GetJob(id);
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(20));
    while (!condition()) {
      if (deadline.Passed()) return false;
      RealClock::Get()->Sleep(absl::Milliseconds(1));
    }
    return true;
  }
  void List(const std::string& uuid, std::vector<MachineAddress> addresses) {
    MachineEntry entry;
    entry.machine.uuid = uuid;
    entry.machine.provider_id = "here";
    entry.machine.addresses = std::move(addresses);
    entry.stage = Stage::kReady;
    EXPECT_TRUE(farm_.inventory.PutMachine(entry).ok());
  }
  void MakeFaulty(int number, const HostPort& address) {
    farm_.groups.Edit(number, [&](MemberView* member) {
      member->server.address = address;
      member->server.status = ServerStatus::kFaulty;
      member->server.mode = ServerMode::kOffline;
      member->healthy = false;
    });
  }
  std::vector<MachineEntry> Listed() { return *farm_.inventory.ListMachines(""); }

  ScalingFarm farm_{/*max_running=*/2};
  std::optional<ScalingRequests> requests_;
};

}  // namespace weft::provisioner
