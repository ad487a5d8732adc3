#include "services/controller/core/plan.h"

#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Text;

TEST(PlanTest, EachStepReadsAsASentence) {
  EXPECT_EQ(Text(Step(Fence{.server = Id('a'), .kill_sessions = true})), "fence a");
  EXPECT_EQ(Text(Step(Fence{.server = Id('a'), .kill_sessions = false})), "fence a, sessions stay");
  EXPECT_EQ(Text(Step(Fence{.server = Id('a'), .cut_off = false})), "fence a, replicas stay");
  EXPECT_EQ(Text(Step(Unfence{.server = Id('a')})), "unfence a");
  EXPECT_EQ(Text(Step(StopReceiver{.server = Id('b')})), "stop receiver of b");
  EXPECT_EQ(Text(Step(RotateLog{.server = Id('b')})), "rotate log of b");
  EXPECT_EQ(Text(Step(CloseAtStart{.server = Id('a')})), "close a at its next start");
  EXPECT_EQ(Text(Step(CatchUp{.server = Id('b'), .goal = Gtids("a:1-5")})),
            "catch up b to [a:1-5] within 1 min");
  EXPECT_EQ(Text(Step(Follow{
                .server = Id('b'), .source = Id('a'), .source_address = {}, .acknowledge = true})),
            "follow b <- a, acknowledging");
  EXPECT_EQ(Text(Step(StopReplica{.server = Id('b')})), "stop replica b");
  EXPECT_EQ(Text(Step(Detach{.server = Id('b')})), "detach b");
  EXPECT_EQ(Text(Step(ArmSource{.server = Id('a'), .wait_for = 2})), "arm a, commits wait for 2");
  EXPECT_EQ(Text(Step(ArmSource{.server = Id('a'), .wait_for = 0})), "disarm a");
  EXPECT_EQ(Text(Step(BeginFailover{.evidence = "it is gone"})), "begin failover: it is gone");
  EXPECT_EQ(Text(Step(BeginSwitchover{.target = Id('b')})), "begin switchover to b");
  EXPECT_EQ(Text(Step(GiveUp{.reason = "LATE", .message = "too slow"})), "give up: LATE: too slow");
  EXPECT_EQ(Text(Step(Finish{})), "finish");
}

TEST(PlanTest, StepsOnTheRecordNameNoServerToActOn) {
  EXPECT_TRUE(IsRecordStep(SetStatus{
      .server = Id('b'), .status = ServerStatus::kFaulty, .set_aside = "", .errant = ""}));
  EXPECT_TRUE(ServerOf(SetStatus{.server = Id('b'),
                                 .status = ServerStatus::kFaulty,
                                 .set_aside = "",
                                 .errant = ""})
                  .empty());
  EXPECT_TRUE(IsRecordStep(Commit{}));
  EXPECT_TRUE(IsRecordStep(Finish{}));
  EXPECT_FALSE(IsRecordStep(Unfence{.server = Id('a')}));
  EXPECT_EQ(ServerOf(Unfence{.server = Id('a')}), Id('a'));
}

TEST(PlanTest, APlanIsSettledOnlyWhenNothingIsDoneRefusedOrAwaited) {
  Plan plan;
  EXPECT_TRUE(plan.settled());
  EXPECT_EQ(ToString(plan), "settled\n");
  plan.waiting_for = "b to catch up";
  EXPECT_FALSE(plan.settled());
  EXPECT_EQ(ToString(plan), "waiting: b to catch up\n");
  Plan refused;
  refused.refusal =
      Refusal{.reason = "NO", .message = "because", .next_step = "do this", .servers = {}};
  EXPECT_FALSE(refused.settled());
  EXPECT_EQ(ToString(refused), "refused NO: because\n  to do: do this\n");
  Plan acting;
  acting.phase = "commit";
  acting.steps = {Finish{}};
  EXPECT_EQ(ToString(acting), "commit\n  finish\n");
}

}  // namespace
}  // namespace weft::controller
