#include "tests/contract/farm_contract.h"

#include <map>
#include <utility>

namespace weft::controller {

// The including binary instantiates the suite; one that links it without doing so is a mistake
// that GoogleTest reports.

void FarmContract::SetUp() {
  auto made = GetParam().make();
  ASSERT_TRUE(made.ok()) << made.status();
  under_test_ = *std::move(made);
  group_ = under_test_->group();
  ASSERT_GE(group_.servers.size(), 3u);
}

Observation FarmContract::See(int index) {
  std::map<ServerUuid, Observation> seen = farm().Probe(group_, kLook);
  return seen[server(index)];
}

Follow FarmContract::FollowStep(int replica, int source, bool acknowledge) const {
  return {server(replica), server(source), group_.servers.at(source).address,
          acknowledge && under_test_->lossless()};
}

Observation FarmContract::Until(int index, const std::function<bool(const Observation&)>& holds) {
  Observation seen;
  for (int i = 0; i < 200; ++i) {
    seen = See(index);
    if (holds(seen)) break;
    under_test_->Wait(absl::Milliseconds(50));
  }
  return seen;
}

void FarmContract::SetUpGroup(int primary) {
  group_.primary = server(primary);
  ASSERT_EQ(Do(Detach{server(primary)}), absl::OkStatus());
  if (under_test_->lossless()) {
    ASSERT_EQ(Do(ArmSource{server(primary), 1}), absl::OkStatus());
  }
  for (int i = 0; i < static_cast<int>(group_.servers.size()); ++i) {
    if (i == primary) continue;
    ASSERT_EQ(Do(FollowStep(i, primary, true)), absl::OkStatus());
  }
  ASSERT_EQ(Do(Unfence{server(primary)}), absl::OkStatus());
  for (int i = 0; i < static_cast<int>(group_.servers.size()); ++i) {
    if (i == primary) continue;
    const Observation seen = Until(i, [](const Observation& one) {
      return one.replication.receiver == ThreadState::kOn && one.replication.applier_running;
    });
    ASSERT_EQ(seen.replication.receiver, ThreadState::kOn) << seen.replication.receiver_error;
  }
}

std::string FarmContractName(const ::testing::TestParamInfo<FarmContractParam>& info) {
  return info.param.name;
}

// --- looking

TEST_P(FarmContract, SeesServersThatAreReadOnlyAndReplicateFromNobody) {
  const std::map<ServerUuid, Observation> seen = farm().Probe(group(), kLook);
  ASSERT_EQ(seen.size(), group().servers.size());
  for (const auto& [uuid, one] : seen) {
    EXPECT_EQ(one.contact, Contact::kAnswered) << one.error;
    EXPECT_EQ(one.uuid, uuid);
    EXPECT_TRUE(one.read_only);
    EXPECT_TRUE(one.super_read_only);
    EXPECT_FALSE(one.replication.configured);
    EXPECT_TRUE(one.streaming_to.empty());
    EXPECT_EQ(one.can_semi_sync, under_test().lossless());
  }
}

TEST_P(FarmContract, SeesAKilledServerAsRefusedAndALaterStartAsAnswered) {
  ASSERT_EQ(See(1).contact, Contact::kAnswered);
  ASSERT_EQ(under_test().Kill(server(1)), absl::OkStatus());
  const Observation dead = See(1);
  EXPECT_EQ(dead.contact, Contact::kUnreachable);
  EXPECT_TRUE(dead.refused) << dead.error;
  EXPECT_EQ(See(0).contact, Contact::kAnswered);
  ASSERT_EQ(under_test().Start(server(1)), absl::OkStatus());
  const Observation back = Until(1, [](const Observation& one) { return one.reached(); });
  EXPECT_EQ(back.contact, Contact::kAnswered) << back.error;
  EXPECT_TRUE(back.super_read_only);
}

TEST_P(FarmContract, SeesAHungServerAsSilentButNotAsRefused) {
  ASSERT_EQ(See(1).contact, Contact::kAnswered);
  ASSERT_EQ(under_test().Pause(server(1)), absl::OkStatus());
  const Observation hung = See(1);
  EXPECT_EQ(hung.contact, Contact::kUnreachable);
  EXPECT_FALSE(hung.refused) << hung.error;
  EXPECT_EQ(See(0).contact, Contact::kAnswered);
  ASSERT_EQ(under_test().Resume(server(1)), absl::OkStatus());
  EXPECT_EQ(Until(1, [](const Observation& one) { return one.reached(); }).contact,
            Contact::kAnswered);
}

// --- steps

TEST_P(FarmContract, UnfenceLetsClientsWriteAndFenceStopsThem) {
  EXPECT_EQ(Write(0).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(Do(Unfence{server(0)}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{server(0)}), absl::OkStatus());
  EXPECT_EQ(Write(0), absl::OkStatus());
  const Observation open = See(0);
  EXPECT_FALSE(open.read_only);
  EXPECT_FALSE(open.super_read_only);
  EXPECT_FALSE(open.executed.Empty());
  ASSERT_EQ(Do(Fence{server(0), true}), absl::OkStatus());
  ASSERT_EQ(Do(Fence{server(0), true}), absl::OkStatus());
  EXPECT_EQ(Write(0).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(See(0).super_read_only);
  EXPECT_EQ(*under_test().MissingOn(server(0)), 0);
}

TEST_P(FarmContract, AReplicaReceivesAndExecutesWhatItsSourceCommits) {
  SetUpGroup(0);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(Write(0), absl::OkStatus());
  const GtidSet goal = See(0).executed;
  for (const int replica : {1, 2}) {
    ASSERT_EQ(Do(CatchUp{server(replica), goal, absl::Seconds(5)}), absl::OkStatus());
    const Observation seen = See(replica);
    EXPECT_TRUE(seen.executed.Contains(goal));
    EXPECT_TRUE(seen.Held().Contains(goal));
    EXPECT_TRUE(seen.super_read_only);
    EXPECT_TRUE(seen.replication.configured);
    EXPECT_TRUE(seen.replication.auto_position);
    EXPECT_EQ(seen.replication.source, group().servers[0].address);
    EXPECT_EQ(seen.replication.source_uuid, server(0));
    EXPECT_EQ(seen.semi_sync.replica_enabled, under_test().lossless());
    EXPECT_EQ(*under_test().MissingOn(server(replica)), 0);
    EXPECT_EQ(seen.semi_sync.replica_active, under_test().lossless());
  }
  EXPECT_EQ(Until(0, [](const Observation& one) { return one.streaming_to.size() == 2; })
                .streaming_to.size(),
            2u);
}

TEST_P(FarmContract, EveryStepMayBeRepeated) {
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  const std::vector<Step> steps = {
      FollowStep(1, 0, true),  StopReceiver{server(1)}, FollowStep(1, 0, false), Detach{server(1)},
      StopReceiver{server(1)}, FollowStep(1, 0, true),  Fence{server(1), true}};
  for (const Step& step : steps) {
    ASSERT_EQ(Do(step), absl::OkStatus()) << ToString(step);
    ASSERT_EQ(Do(step), absl::OkStatus()) << ToString(step);
  }
  ASSERT_EQ(Write(0), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{server(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
}

TEST_P(FarmContract, AStoppedReceiverReceivesNothingMoreAndKeepsWhatItHas) {
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{server(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  ASSERT_EQ(Do(StopReceiver{server(1)}), absl::OkStatus());
  const GtidSet before = See(1).Held();
  ASSERT_EQ(Write(0), absl::OkStatus());  // the other replica acknowledges
  const Observation stopped = See(1);
  EXPECT_EQ(stopped.replication.receiver, ThreadState::kOff);
  EXPECT_TRUE(stopped.replication.applier_running);
  EXPECT_EQ(stopped.Held(), before);
}

TEST_P(FarmContract, CatchUpGivesUpAtItsBudgetOnWhatDoesNotCome) {
  SetUpGroup(0);
  ASSERT_EQ(Do(StopReceiver{server(1)}), absl::OkStatus());
  ASSERT_EQ(Write(0), absl::OkStatus());
  const GtidSet goal = See(0).executed;
  EXPECT_EQ(Do(CatchUp{server(1), goal, absl::Milliseconds(600)}).code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_EQ(Do(FollowStep(1, 0, true)), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{server(1), goal, absl::Seconds(5)}), absl::OkStatus());
}

TEST_P(FarmContract, AStoppedReplicaKnowsItsSource) {
  SetUpGroup(0);
  ASSERT_EQ(Do(StopReplica{server(1)}), absl::OkStatus());
  const Observation seen = See(1);
  EXPECT_TRUE(seen.replication.configured);
  EXPECT_EQ(seen.replication.receiver, ThreadState::kOff);
  EXPECT_FALSE(seen.replication.applier_running);
}

TEST_P(FarmContract, DetachForgetsTheSource) {
  SetUpGroup(0);
  ASSERT_EQ(Do(Detach{server(1)}), absl::OkStatus());
  const Observation seen = See(1);
  EXPECT_FALSE(seen.replication.configured);
  EXPECT_EQ(seen.replication.receiver, ThreadState::kOff);
  EXPECT_FALSE(seen.semi_sync.replica_enabled);
}

TEST_P(FarmContract, TellsHowLongAgoAReplicaHeardFromItsSource) {
  SetUpGroup(0);
  ASSERT_EQ(Write(0), absl::OkStatus());
  under_test().Wait(absl::Seconds(1));
  const Observation fresh = See(1);
  ASSERT_TRUE(fresh.replication.heard_ago.has_value());
  EXPECT_LT(*fresh.replication.heard_ago, absl::Milliseconds(900));
  ASSERT_EQ(under_test().Pause(server(0)), absl::OkStatus());
  See(1);  // what a version does not say itself is remembered from look to look
  under_test().Wait(absl::Seconds(2));
  const Observation stale = See(1);
  ASSERT_TRUE(stale.replication.heard_ago.has_value());
  EXPECT_GT(*stale.replication.heard_ago, absl::Milliseconds(1500));
  ASSERT_EQ(under_test().Resume(server(0)), absl::OkStatus());
}

TEST_P(FarmContract, AStepOnADeadServerIsUnavailable) {
  ASSERT_EQ(under_test().Kill(server(1)), absl::OkStatus());
  EXPECT_EQ(Do(Fence{server(1), true}).code(), absl::StatusCode::kUnavailable);
}

TEST_P(FarmContract, RefusesAStepOnTheRecordAndOneOnAStranger) {
  EXPECT_FALSE(Do(Commit{}).ok());
  const ServerUuid stranger = *ServerUuid::Parse("00000000-0000-0000-0000-00000000beef");
  EXPECT_EQ(Do(Fence{stranger, true}).code(), absl::StatusCode::kNotFound);
}

}  // namespace weft::controller
