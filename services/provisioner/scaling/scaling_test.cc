// What becomes of groups and machines, whatever fails on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "services/provisioner/scaling/testing/scaling_fixture.h"

namespace weft::provisioner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ScalingTest, MakesNewMembersThatServeOnceTheyHaveCaughtUp) {
  const Job job = Do(To(5));
  EXPECT_EQ(job.state, JobState::kSucceeded) << job.error_message;
  EXPECT_EQ(job.kind, "scale-group");
  EXPECT_EQ(job.user, "jane");
  EXPECT_THAT(farm_.groups.Members(),
              ElementsAre("cloud:4001 SECONDARY READ_ONLY 1", "cloud:4002 SECONDARY READ_ONLY 1",
                          "db:3301 PRIMARY READ_WRITE 1", "db:3302 SECONDARY READ_ONLY 1",
                          "db:3303 SECONDARY READ_ONLY 1"));
  EXPECT_THAT(farm_.groups.Done(), ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 1",
                                               "add cloud:4002", "update cloud:4002 SECONDARY 1"));
  EXPECT_THAT(Listed(), SizeIs(2));
  EXPECT_THAT(job.result, HasSubstr(R"("address":"cloud:4001")"));
  EXPECT_THAT(job.result, HasSubstr(R"("removed":[])"));
}

TEST_F(ScalingTest, OrdersMachinesLikeItWasAskedAndKeepsNoSecretInClear) {
  ScalingAsked asked = To(4);
  MachineOrder& like = asked.wish.like;
  like.image = {{"name", "mysql"}};
  like.flavor = {{"name", "small"}};
  like.availability_zone = "z";
  like.key_name = "k";
  like.security_groups = {"s1", "s2"};
  like.private_networks = {"n"};
  like.public_network = "p";
  like.user_data = "the secret of the app";
  like.swap = "512";
  like.scheduler_hints = {{"rack", "7"}};
  like.meta = {{"environment", "A=1"}};
  std::atomic<bool> kept = false;
  farm_.clone = [&](RunningJob&) -> absl::StatusOr<std::string> {
    const auto jobs = farm_.inventory.ListJobs();
    for (const Job& one : *jobs) kept = kept || absl::StrContains(one.request, "secret");
    return "{}";
  };
  const Job job = Do(asked);
  EXPECT_EQ(job.state, JobState::kSucceeded) << job.error_message;
  EXPECT_FALSE(kept);
  ASSERT_THAT(farm_.cloud.Orders(), SizeIs(1));
  MachineOrder made = farm_.cloud.Orders()[0];
  EXPECT_EQ(made.meta.at("mysql-fabric"), "True");
  made.uuid.clear();
  made.meta = {{"environment", made.meta.at("environment")}};
  EXPECT_EQ(made, like);
}

TEST_F(ScalingTest, LetsNoMemberServeThatLags) {
  farm_.groups.SetLagging(true);
  ScalingAsked asked = To(4);
  asked.wish.catch_up_timeout = absl::Milliseconds(20);
  const Job job = Do(asked);
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error_reason, "NOT_CAUGHT_UP");
  EXPECT_THAT(job.error_message, HasSubstr("cloud:4001 is in the group as SPARE"));
  EXPECT_THAT(farm_.groups.Members(), ::testing::Contains("cloud:4001 SPARE OFFLINE 0"));
  EXPECT_THAT(farm_.cloud.Machines(), SizeIs(1));
}

TEST_F(ScalingTest, HealsByAReplacementThatServesBeforeTheFaultyOneLeaves) {
  farm_.groups.Edit(3, [](MemberView* member) {
    member->server.status = ServerStatus::kFaulty;
    member->server.mode = ServerMode::kOffline;
    member->server.weight = 0.5;
    member->server.promotion_rule = PromotionRule::kMustNot;
    member->healthy = false;
  });
  const Job job = Do(ToHeal());
  EXPECT_EQ(job.state, JobState::kSucceeded) << job.error_message;
  EXPECT_EQ(job.kind, "heal-group");
  const auto view = farm_.groups.Look("g");
  ASSERT_TRUE(view.ok()) << view.status();
  const MemberView* const added = view->Find(HostPort{"cloud", 4001});
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->server.promotion_rule, PromotionRule::kMustNot);
  EXPECT_THAT(farm_.groups.Done(),
              ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 0.5", "remove db:3303"));
}

TEST_F(ScalingTest, KeepsOnTheListWhatAProviderMayYetMake) {
  farm_.cloud.FailCreate(absl::DeadlineExceededError("POST"));
  EXPECT_EQ(Do(To(4)).state, JobState::kFailed);
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
}

TEST_F(ScalingTest, BeginsNothingWhereNothingIsToBeDone) {
  const auto begun = requests_->Scale(ToHeal(), {.user = "jane"});
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_EQ(begun->job.id, "");
  EXPECT_EQ(begun->plan.reason, "nothing is FAULTY");
  EXPECT_THAT(farm_.inventory.Operations(), IsEmpty());
}

TEST_F(ScalingTest, OnlyPlansWhereItIsToBeChecked) {
  const auto begun = requests_->Scale(To(4), {.validate_only = true});
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_THAT(begun->plan.steps, SizeIs(1));
  EXPECT_THAT(farm_.inventory.Operations(), IsEmpty());
}

TEST_F(ScalingTest, RefusesWhatCannotBe) {
  ScalingAsked asked = To(4);
  asked.group = "nope";
  EXPECT_EQ(Refused(asked), "UNKNOWN_GROUP");
  asked = To(4);
  asked.terms.provider = "nope";
  EXPECT_EQ(Refused(asked), "UNKNOWN_PROVIDER");
  asked = To(4);
  asked.terms.weight = 1.5;
  EXPECT_EQ(Refused(asked), "BAD_ARGUMENT");
  asked = To(4);
  asked.wish.drain_timeout = absl::Seconds(-1);
  EXPECT_EQ(Refused(asked), "BAD_ARGUMENT");
  asked = To(4);
  asked.wish.like.meta = {{"mysql-fabric-uuid", "x"}};
  EXPECT_EQ(Refused(asked), "BAD_ARGUMENT");
  EXPECT_EQ(Refused(To(0)), "BAD_SERVERS");
  EXPECT_EQ(Refused(To(1)), "TOO_FEW_ACKNOWLEDGERS");
}

TEST_F(ScalingTest, DoesARepeatedRequestOnce) {
  const Job first = Do(To(4), "once");
  EXPECT_EQ(Do(To(4), "once").id, first.id);
  EXPECT_THAT(farm_.groups.Members(), SizeIs(4));
}

TEST_F(ScalingTest, TakesNoRequestIdForAnotherWish) {
  farm_.groups.SetLagging(true);
  const auto first = requests_->Scale(To(4), {.request_id = "once"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(requests_->Scale(To(4), {.request_id = "once"})->job.id, first->job.id);
  EXPECT_EQ(ErrorReason(requests_->Scale(To(5), {.request_id = "once"}).status()),
            "REQUEST_ID_REUSED");
  farm_.groups.SetLagging(false);
  EXPECT_EQ(Ended(first->job.id).state, JobState::kSucceeded);
}

TEST_F(ScalingTest, ChangesOneGroupOnceAtATime) {
  farm_.groups.SetLagging(true);
  const auto first = requests_->Scale(To(4), {.user = "jane"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Refused(To(5)), "SCALING_UNDER_WAY");
  farm_.groups.SetLagging(false);
  EXPECT_EQ(Ended(first->job.id).state, JobState::kSucceeded);
}

TEST_F(ScalingTest, LetsTheFirstOfTwoGoOnThatWereAskedForAtOnce) {
  farm_.groups.SetLagging(true);
  ScalingWish wish;
  wish.steps = requests_->Scale(To(4), {.validate_only = true})->plan.steps;
  const JobRequest request = {.kind = kScaleGroup, .group = "g", .request = ToJson(wish)};
  const auto first = farm_.runner()->Run(request);
  const auto second = farm_.runner()->Run(request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(Ended(second->id).error_reason, "SCALING_UNDER_WAY");
  farm_.groups.SetLagging(false);
  EXPECT_EQ(Ended(first->id).state, JobState::kSucceeded);
  EXPECT_THAT(farm_.groups.Members(), SizeIs(4));
}

TEST_F(ScalingTest, WaitsForRoomAmongTheOperations) {
  std::atomic<bool> full = true;
  farm_.clone = [&](RunningJob& job) -> absl::StatusOr<std::string> {
    while (full && !job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(1));
    return "{}";
  };
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(farm_.runner()->Run({.kind = "clone"}).ok());
  const auto begun = requests_->Scale(To(4), {.user = "jane"});
  ASSERT_TRUE(begun.ok()) << begun.status();
  ASSERT_TRUE(Eventually(
      [&] { return farm_.inventory.GetJob(begun->job.id)->phase == "create machines"; }));
  EXPECT_FALSE(farm_.inventory.GetJob(begun->job.id)->done());
  full = false;
  EXPECT_EQ(Ended(begun->job.id).state, JobState::kSucceeded);
}

TEST_F(ScalingTest, DestroysTheMachineThatCouldNotBeFilled) {
  farm_.clone = [](RunningJob&) -> absl::StatusOr<std::string> {
    return Refusal(absl::StatusCode::kFailedPrecondition, "SOURCE_LOST", "the source died");
  };
  const Job job = Do(To(5));
  EXPECT_EQ(job.error_reason, "SOURCE_LOST");
  EXPECT_THAT(job.error_message, HasSubstr("was destroyed again"));
  EXPECT_THAT(farm_.groups.Members(), SizeIs(3));
  EXPECT_THAT(farm_.cloud.Machines(), IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(ScalingTest, KeepsTheMembersThatAreInWhereALaterOneFails) {
  std::atomic<int> clones = 0;
  farm_.clone = [&](RunningJob&) -> absl::StatusOr<std::string> {
    if (++clones == 2) return absl::FailedPreconditionError("the disk is full");
    return "{}";
  };
  const Job job = Do(To(5));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_THAT(job.error_message, HasSubstr("cloud:4001 is in the group as SECONDARY"));
  EXPECT_THAT(farm_.groups.Members(), SizeIs(4));
  EXPECT_THAT(Listed(), SizeIs(1));
}

TEST_F(ScalingTest, MakesNoMachineWhereTheProviderHasNoRoomForAll) {
  farm_.cloud.SetRoom(1);
  const Job job = Do(To(5));
  EXPECT_EQ(job.error_reason, "PROVIDER_QUOTA");
  EXPECT_THAT(farm_.cloud.Machines(), IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(farm_.groups.Done(), IsEmpty());
}

TEST_F(ScalingTest, ListsAMachineThatMayHaveBecomeAMemberAsAnOrphan) {
  farm_.groups.Fail("add", absl::UnavailableError("no controller answers"));
  const Job job = Do(To(4));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_THAT(job.error_message, HasSubstr("may be in the group"));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  EXPECT_THAT(farm_.cloud.Machines(), SizeIs(1));
}

TEST_F(ScalingTest, DestroysAMachineThatTheControllersRefused) {
  farm_.groups.Fail("add", Refusal(absl::StatusCode::kFailedPrecondition, "GTID_MODE_OFF", "no"));
  EXPECT_EQ(Do(To(4)).error_reason, "GTID_MODE_OFF");
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(ScalingTest, EndsTheCloneThatRunsWhenItsEndIsAskedFor) {
  std::atomic<bool> began = false;
  farm_.clone = [&](RunningJob& job) -> absl::StatusOr<std::string> {
    began = true;
    while (!job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(1));
    return absl::CancelledError("asked to end");
  };
  const auto begun = requests_->Scale(To(4), {.user = "jane"});
  ASSERT_TRUE(Eventually([&] { return began.load(); }));
  farm_.inventory.RequestCancel(begun->job.id);
  EXPECT_EQ(Ended(begun->job.id).state, JobState::kCancelled);
  EXPECT_THAT(farm_.cloud.Machines(), IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
}

}  // namespace
}  // namespace weft::provisioner
