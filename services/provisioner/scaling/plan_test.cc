#include "services/provisioner/scaling/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ScalingMember Member(int number, ServerStatus status, double weight = 1) {
  ScalingMember member;
  member.server.uuid =
      *ServerUuid::Parse(absl::StrCat("00000000-0000-0000-0000-00000000000", number));
  member.server.address = {"db", static_cast<uint16_t>(3300 + number)};
  member.server.status = status;
  member.server.weight = weight;
  member.healthy = status != ServerStatus::kFaulty;
  return member;
}

ScalingMember OnMachine(ScalingMember member, std::string provider = "here") {
  member.machine = absl::StrCat("machine-", member.server.address.port);
  member.provider = std::move(provider);
  return member;
}

ScalingGroup GroupOf(std::vector<ScalingMember> members) {
  ScalingGroup group;
  group.id = "g1";
  for (const ScalingMember& member : members) {
    if (member.server.status == ServerStatus::kSecondary) {
      group.acknowledgers.insert(member.server.uuid);
    }
  }
  group.members = std::move(members);
  return group;
}

// A primary and secondaries 2, 3 and 4.
ScalingGroup Four() {
  return GroupOf({Member(1, ServerStatus::kPrimary), Member(2, ServerStatus::kSecondary),
                  Member(3, ServerStatus::kSecondary), Member(4, ServerStatus::kSecondary)});
}

std::vector<uint16_t> Leaving(const absl::StatusOr<ScalingPlan>& plan) {
  std::vector<uint16_t> ports;
  if (!plan.ok()) return {0};
  for (const ScalingStep& step : plan->steps) {
    if (step.kind == ScalingStep::Kind::kRemove) ports.push_back(step.address.port);
  }
  return ports;
}

std::string Why(const absl::StatusOr<ScalingPlan>& plan) { return ErrorReason(plan.status()); }

TEST(PlanScaleTest, MakesWhatLacks) {
  ScalingTerms terms;
  terms.provider = "here";
  terms.weight = 0.25;
  terms.zone = "a";
  const auto plan = PlanScale(Four(), 6, terms);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(plan->steps, SizeIs(2));
  for (const ScalingStep& step : plan->steps) {
    EXPECT_EQ(step.kind, ScalingStep::Kind::kAdd);
    EXPECT_EQ(step.provider, "here");
    EXPECT_EQ(step.weight, 0.25);
    EXPECT_EQ(step.zone, "a");
  }
  EXPECT_EQ(plan->steps[0].reason, "member 5 of 6");
  EXPECT_EQ(plan->reason, "the group has 4 members, wished for are 6");
}

TEST(PlanScaleTest, GivesNewMembersTheWholeWeightUnlessToldOtherwise) {
  ScalingTerms terms;
  terms.provider = "here";
  EXPECT_EQ(PlanScale(Four(), 5, terms)->steps[0].weight, 1);
  terms.weight = 0;
  EXPECT_EQ(PlanScale(Four(), 5, terms)->steps[0].weight, 0);
}

TEST(PlanScaleTest, NeedsAProviderOnlyToMakeServers) {
  EXPECT_EQ(Why(PlanScale(Four(), 5, {})), "PROVIDER_NEEDED");
  EXPECT_TRUE(PlanScale(Four(), 4, {}).ok());
  EXPECT_TRUE(PlanScale(Four(), 3, {}).ok());
}

TEST(PlanScaleTest, TakesTheOnlyProviderWhereNoneIsNamed) {
  EXPECT_EQ(PlanScale(Four(), 5, {.only_provider = "here"})->steps[0].provider, "here");
  EXPECT_EQ(PlanScale(Four(), 5, {.provider = "there", .only_provider = "here"})->steps[0].provider,
            "there");
}

TEST(PlanScaleTest, DoesNothingWhereTheNumberIsRight) {
  const auto plan = PlanScale(Four(), 4, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->steps, IsEmpty());
  EXPECT_EQ(plan->reason, "the group has 4 members already");
}

TEST(PlanScaleTest, CountsTheFaultyAndSaysHowTheyAreReplaced) {
  ScalingGroup group = Four();
  group.members[3] = Member(4, ServerStatus::kFaulty);
  const auto plan = PlanScale(group, 4, {});
  EXPECT_THAT(plan->steps, IsEmpty());
  EXPECT_THAT(plan->reason, HasSubstr("1 of them FAULTY: weft group heal g1"));
}

TEST(PlanScaleTest, RefusesNumbersThatNoGroupHas) {
  for (const int servers : {-1, 0, 101}) {
    EXPECT_EQ(Why(PlanScale(Four(), servers, {.provider = "here"})), "BAD_SERVERS") << servers;
  }
  EXPECT_THAT(PlanScale(Four(), 100, {.provider = "here"})->steps, SizeIs(96));
}

TEST(PlanScaleTest, TakesTheFaultyThenTheUnreadyThenSparesThenTheSilentThenTheLeastWeight) {
  ScalingMember silent = Member(5, ServerStatus::kSecondary);
  silent.healthy = false;
  ScalingGroup group =
      GroupOf({Member(1, ServerStatus::kPrimary, 0), Member(2, ServerStatus::kSecondary, 0.5),
               Member(3, ServerStatus::kSecondary, 0.1), silent, Member(6, ServerStatus::kSpare),
               Member(7, ServerStatus::kSpare, 0), Member(8, ServerStatus::kConfiguring),
               Member(9, ServerStatus::kFaulty)});
  group.durability = Durability::kAsync;
  const auto plan = PlanScale(group, 1, {});
  EXPECT_THAT(Leaving(plan), ElementsAre(3309, 3308, 3307, 3306, 3305, 3303, 3302));
  EXPECT_EQ(plan->steps[0].reason, "it is FAULTY");
  EXPECT_EQ(plan->steps[2].reason, "a spare serves nobody");
  EXPECT_EQ(plan->steps[4].reason, "it does not follow the primary");
  EXPECT_THAT(plan->steps[5].reason, HasSubstr("weight 0.1"));
}

TEST(PlanScaleTest, AmongEqualsTakesTheMachinesThatWeftMade) {
  ScalingGroup group = Four();
  group.members[2] = OnMachine(group.members[2]);
  const auto plan = PlanScale(group, 3, {});
  EXPECT_THAT(Leaving(plan), ElementsAre(3303));
  EXPECT_EQ(plan->steps[0].machine, "machine-3303");
  EXPECT_EQ(plan->steps[0].provider, "here");
  EXPECT_TRUE(plan->steps[0].destroys_machine);
}

TEST(PlanScaleTest, LeavesMachinesThatAreToStayOrAreNotWefts) {
  ScalingGroup group = Four();
  group.members[2] = OnMachine(group.members[2]);
  EXPECT_FALSE(PlanScale(group, 3, {.keep_machines = true})->steps[0].destroys_machine);
  EXPECT_FALSE(PlanScale(Four(), 3, {})->steps[0].destroys_machine);
}

TEST(PlanScaleTest, LeavesALosslessGroupTheAcknowledgersThatItsCommitsNeed) {
  ScalingGroup group = Four();
  EXPECT_THAT(Leaving(PlanScale(group, 2, {})), SizeIs(2));
  EXPECT_EQ(Why(PlanScale(group, 1, {})), "TOO_FEW_ACKNOWLEDGERS");
  group.acknowledgements = 2;
  EXPECT_THAT(Leaving(PlanScale(group, 3, {})), SizeIs(1));
  EXPECT_EQ(Why(PlanScale(group, 2, {})), "TOO_FEW_ACKNOWLEDGERS");
  group.durability = Durability::kAsync;
  EXPECT_THAT(Leaving(PlanScale(group, 1, {})), SizeIs(3));
}

TEST(PlanScaleTest, DoesNotCountASilentSecondaryAsAnAcknowledger) {
  ScalingGroup group = Four();
  group.members[2].healthy = group.members[3].healthy = false;
  group.members[1].server.weight = 0;
  EXPECT_THAT(Leaving(PlanScale(group, 2, {})), ElementsAre(3303, 3304));
  EXPECT_EQ(Why(PlanScale(group, 1, {})), "TOO_FEW_ACKNOWLEDGERS");
}

TEST(PlanScaleTest, TakesWhatAcknowledgesNothingFromAGroupThatLacksAcknowledgersAnyway) {
  ScalingGroup group = GroupOf({Member(1, ServerStatus::kPrimary), Member(2, ServerStatus::kFaulty),
                                Member(3, ServerStatus::kSpare)});
  group.acknowledgers.insert(group.members[1].server.uuid);
  EXPECT_THAT(Leaving(PlanScale(group, 1, {})), ElementsAre(3302, 3303));
}

TEST(PlanScaleTest, LetsAGroupShrinkWhoseCommitsWaitForNobody) {
  ScalingGroup group = Four();
  group.acknowledgers.clear();  // servers that cannot: 5.6
  EXPECT_THAT(Leaving(PlanScale(group, 1, {})), SizeIs(3));
}

TEST(PlanScaleTest, RefusesAGroupWithoutAPrimaryThatAnswers) {
  ScalingGroup group = Four();
  group.members[0].healthy = false;
  for (const int servers : {3, 5}) {
    EXPECT_EQ(Why(PlanScale(group, servers, {.provider = "here"})), "NO_PRIMARY");
  }
  group.members[0].server.status = ServerStatus::kSecondary;
  group.members[0].healthy = true;
  EXPECT_EQ(Why(PlanScale(group, 3, {})), "NO_PRIMARY");
  EXPECT_EQ(Why(PlanHeal(group, {})), "NO_PRIMARY");
}

TEST(PlanScaleTest, AddsNobodyWhoWouldWaitForCommitsThatNobodyAcknowledges) {
  ScalingGroup group = Four();
  for (int i : {1, 2, 3}) group.members[i].healthy = false;
  const ScalingTerms terms = {.provider = "here"};
  EXPECT_EQ(Why(PlanScale(group, 5, terms)), "COMMITS_WAIT");
  EXPECT_TRUE(PlanScale(group, 4, terms).ok());
  group.members[2].healthy = true;
  EXPECT_TRUE(PlanScale(group, 5, terms).ok());
  group.acknowledgements = 2;
  EXPECT_EQ(Why(PlanScale(group, 5, terms)), "COMMITS_WAIT");
  group.continues_alone = true;
  EXPECT_TRUE(PlanScale(group, 5, terms).ok());
  group.continues_alone = false;
  group.durability = Durability::kAsync;
  EXPECT_TRUE(PlanScale(group, 5, terms).ok());
}

TEST(PlanHealTest, RefusesAGroupWhoseCommitsWaitUnlessItIsSetToGoOn) {
  ScalingGroup group = Four();
  for (int i : {1, 2, 3}) group.members[i] = Member(i + 1, ServerStatus::kFaulty);
  EXPECT_EQ(Why(PlanHeal(group, {.provider = "here"})), "COMMITS_WAIT");
  group.continues_alone = true;
  EXPECT_THAT(PlanHeal(group, {.provider = "here"})->steps, SizeIs(6));
  group.continues_alone = false;
  group.acknowledgers.clear();  // it goes on already
  EXPECT_THAT(PlanHeal(group, {.provider = "here"})->steps, SizeIs(6));
}

TEST(PlanHealTest, SaysSoWhereNothingIsFaulty) {
  const auto plan = PlanHeal(Four(), {});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->steps, IsEmpty());
  EXPECT_EQ(plan->reason, "nothing is FAULTY");
}

TEST(PlanHealTest, MakesEachReplacementBeforeItRemovesTheFaultyOne) {
  ScalingGroup group = Four();
  group.members[1] = OnMachine(Member(2, ServerStatus::kFaulty, 0.5), "a");
  group.members[1].server.zone = "north";
  group.members[1].server.promotion_rule = PromotionRule::kMustNot;
  group.members[3] = OnMachine(Member(4, ServerStatus::kFaulty), "b");
  const auto plan = PlanHeal(group, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(plan->steps, SizeIs(4));
  const ScalingStep& first = plan->steps[0];
  EXPECT_EQ(first.kind, ScalingStep::Kind::kAdd);
  EXPECT_EQ(first.provider, "a");
  EXPECT_EQ(first.weight, 0.5);
  EXPECT_EQ(first.zone, "north");
  EXPECT_EQ(first.promotion_rule, PromotionRule::kMustNot);
  EXPECT_EQ(first.reason, "in place of db:3302");
  EXPECT_EQ(plan->steps[1].kind, ScalingStep::Kind::kRemove);
  EXPECT_TRUE(plan->steps[1].destroys_machine);
  EXPECT_EQ(plan->steps[2].provider, "b");
  EXPECT_THAT(Leaving(plan), ElementsAre(3302, 3304));
  EXPECT_EQ(plan->reason, "2 members FAULTY");
}

TEST(PlanHealTest, TakesWhatIsNamedInPlaceOfWhatTheFaultyHad) {
  ScalingGroup group = Four();
  group.members[1] = OnMachine(Member(2, ServerStatus::kFaulty, 0.5), "a");
  const auto plan =
      PlanHeal(group, {.provider = "b", .weight = 0, .zone = "south", .keep_machines = true});
  EXPECT_EQ(plan->steps[0].provider, "b");
  EXPECT_EQ(plan->steps[0].weight, 0);
  EXPECT_EQ(plan->steps[0].zone, "south");
  EXPECT_FALSE(plan->steps[1].destroys_machine);
}

TEST(PlanHealTest, NeedsAProviderForWhatIsOnNoMachine) {
  ScalingGroup group = Four();
  group.members[1] = Member(2, ServerStatus::kFaulty);
  EXPECT_EQ(Why(PlanHeal(group, {})), "PROVIDER_NEEDED");
  EXPECT_TRUE(PlanHeal(group, {.provider = "here"}).ok());
  EXPECT_EQ(PlanHeal(group, {.only_provider = "here"})->steps[0].provider, "here");
  group.members[1] = OnMachine(group.members[1], "there");
  EXPECT_EQ(PlanHeal(group, {.only_provider = "here"})->steps[0].provider, "there");
}

TEST(PlanHealTest, KeepsTheMachineOfOneWithTransactionsOfItsOwn) {
  ScalingGroup group = Four();
  group.members[1] = OnMachine(Member(2, ServerStatus::kFaulty));
  group.members[1].server.errant = "00000000-0000-0000-0000-000000000002:7";
  const auto plan = PlanHeal(group, {});
  EXPECT_FALSE(plan->steps[1].destroys_machine);
  EXPECT_THAT(plan->steps[1].reason, HasSubstr("transactions of its own"));
}

}  // namespace
}  // namespace weft::provisioner
