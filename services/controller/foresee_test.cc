#include "services/controller/foresee.h"

#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/ports/record_steps.h"
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
  // Decides and acts on the farm, phase by phase, as the reconciler does.
  std::vector<std::string> Play() {
    std::vector<std::string> phases;
    for (Plan plan = Decide(look_); !plan.steps.empty(); plan = Decide(look_)) {
      phases.push_back(ToString(plan));
      if (phases.size() == 32) break;
      for (const Step& step : plan.steps) Act(step);
      Look();
    }
    return phases;
  }
  void ExpectToHappenAsForeseen() {
    look_.group.active = true;
    look_.group.intent.operation = "op";
    farm_.WriteOn(FakeFarm::UuidOf(1));
    Look();
    std::vector<std::string> foreseen;
    for (const Plan& plan : Foresee(look_, absl::UnixEpoch())) foreseen.push_back(ToString(plan));
    EXPECT_EQ(foreseen, Play());
  }

  FakeFarm farm_;
  Snapshot look_;

 private:
  void Act(const Step& step) {
    const Group seen = look_.group;
    if (std::holds_alternative<Finish>(step)) {
      look_.group.intent = Intent();
    } else if (IsRecordStep(step)) {
      EXPECT_TRUE(ApplyRecordStep(seen, step, absl::UnixEpoch(), &look_.group).ok());
    } else {
      EXPECT_TRUE(farm_.Apply(seen, step, absl::Seconds(1)).ok());
    }
  }
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

TEST_F(ForeseeTest, ASwitchoverHappensAsForeseenPhaseByPhase) {
  look_.group.intent.goal = Goal::kPromote;
  ExpectToHappenAsForeseen();
}

TEST_F(ForeseeTest, ASwitchoverWithASpareHappensAsForeseenPhaseByPhase) {
  look_.group.servers[2].status = ServerStatus::kSpare;
  look_.group.intent.goal = Goal::kPromote;
  ExpectToHappenAsForeseen();
}

TEST_F(ForeseeTest, ADemotionHappensAsForeseenPhaseByPhase) {
  look_.group.intent.goal = Goal::kDemote;
  ExpectToHappenAsForeseen();
}

TEST_F(ForeseeTest, WhatWouldNeverEndIsCutOff) {
  look_.group.intent.goal = Goal::kPromote;
  look_.group.intent.target = FakeFarm::UuidOf(2);
  EXPECT_EQ(Foresee(look_, absl::UnixEpoch(), 2).size(), 2u);
}

}  // namespace
}  // namespace weft::controller
