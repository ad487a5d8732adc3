#include "services/controller/foresee.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/testing/fake_farm.h"

namespace weft::controller {
namespace {

// A settled lossless group of three, the first of them the primary, as the fake farm shows it.
class ForeseeTest : public ::testing::Test {
 protected:
  ForeseeTest() {
    look_.group.id = "g";
    look_.group.epoch = 1;
    look_.group.primary = FakeFarm::UuidOf(1);
    look_.group.history = {{1, FakeFarm::UuidOf(1), GtidSet(), absl::UnixEpoch()}};
    for (int n = 1; n <= 3; ++n) {
      Server server;
      server.uuid = farm_.Add(n);
      server.address = FakeFarm::AddressOf(n);
      server.status = n == 1 ? ServerStatus::kPrimary : ServerStatus::kSecondary;
      look_.group.servers.push_back(server);
      if (n > 1) look_.group.acknowledgers.servers.insert(server.uuid);
      farm_.Edit(server.uuid, [n](FakeFarm::FakeServer& seen) {
        seen.super_read_only = n > 1;
        seen.source_enabled = n == 1;
        seen.wait_for = 1;
        if (n == 1) return;
        seen.source = FakeFarm::UuidOf(1);
        seen.receiver_on = seen.replica_enabled = true;
      });
    }
    Look();
  }
  void Look() { look_.seen = farm_.Probe(look_.group, absl::Seconds(1)); }
  std::vector<std::string> Phases() {
    std::vector<std::string> phases;
    for (const Plan& plan : Foresee(look_, absl::UnixEpoch())) phases.push_back(plan.phase);
    return phases;
  }

  FakeFarm farm_;
  Snapshot look_;
};

using Phase = std::vector<std::string>;

TEST_F(ForeseeTest, ASettledGroupHasNothingBeforeIt) {
  EXPECT_TRUE(Decide(look_).settled()) << ToString(Decide(look_));
  EXPECT_EQ(Phases(), Phase());
}

TEST_F(ForeseeTest, ASwitchoverIsForeseenToItsEnd) {
  look_.group.intent.goal = Goal::kPromote;
  look_.group.intent.target = FakeFarm::UuidOf(2);
  look_.group.intent.operation = "op";
  const std::vector<std::string> phases = Phases();
  ASSERT_FALSE(phases.empty());
  EXPECT_EQ(phases.front(), "begin");
  EXPECT_EQ(phases.back(), "finish");
}

TEST_F(ForeseeTest, ADemotionIsForeseenToItsEnd) {
  look_.group.intent.goal = Goal::kDemote;
  look_.group.intent.operation = "op";
  const std::vector<std::string> phases = Phases();
  ASSERT_GE(phases.size(), 3u);
  EXPECT_EQ(phases[0], "stop writes");
  EXPECT_EQ(phases[1], "commit");
}

TEST_F(ForeseeTest, ItEndsInTheRefusalWhereThereIsOne) {
  farm_.Kill(FakeFarm::UuidOf(2));
  Look();
  look_.group.intent.goal = Goal::kPromote;
  look_.group.intent.target = FakeFarm::UuidOf(2);
  const std::vector<Plan> phases = Foresee(look_, absl::UnixEpoch());
  ASSERT_EQ(phases.size(), 1u);
  EXPECT_EQ(phases[0].refusal->reason, "TARGET_NOT_REACHED");
}

TEST_F(ForeseeTest, WhatWouldNeverEndIsCutOff) {
  look_.group.intent.goal = Goal::kPromote;
  look_.group.intent.target = FakeFarm::UuidOf(2);
  EXPECT_EQ(Foresee(look_, absl::UnixEpoch(), 2).size(), 2u);
}

}  // namespace
}  // namespace weft::controller
