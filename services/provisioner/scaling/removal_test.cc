// How members leave: drained first, and with the machine that is theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "common/mysql/errors.h"
#include "services/provisioner/scaling/testing/scaling_fixture.h"

namespace weft::provisioner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ScalingTest, DrainsWhoLeavesThenDestroysItsMachine) {
  ASSERT_EQ(Do(To(4)).state, JobState::kSucceeded);
  std::atomic<int> left = 5;
  farm_.sessions = [&](const HostPort&) {
    // Nobody is sent there any more.
    EXPECT_THAT(farm_.groups.Members(), ::testing::Contains("cloud:4001 SECONDARY OFFLINE 1"));
    return left--;
  };
  const Job job = Do(To(3));
  EXPECT_EQ(job.state, JobState::kSucceeded) << job.error_message;
  EXPECT_LT(left, 1);
  EXPECT_THAT(farm_.groups.Done(), ElementsAre("add cloud:4001", "update cloud:4001 SECONDARY 1",
                                               "update cloud:4001 OFFLINE", "remove cloud:4001"));
  EXPECT_THAT(farm_.cloud.Machines(), IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(job.result, HasSubstr(R"("machine_destroyed":true)"));
}

TEST_F(ScalingTest, LeavesSessionsToTheirEndOnceTheirTimeIsOver) {
  farm_.sessions = [](const HostPort&) { return 1; };
  ScalingAsked asked = To(2);
  asked.wish.drain_timeout = absl::Milliseconds(20);
  EXPECT_EQ(Do(asked).state, JobState::kSucceeded);
  EXPECT_THAT(farm_.groups.Members(), SizeIs(2));
}

TEST_F(ScalingTest, TakesAServerThatLetsNobodyAskForABusyOne) {
  std::atomic<int> asked = 0;
  farm_.sessions = [&](const HostPort&) -> absl::StatusOr<int> {
    if (++asked < 3) return mysql::FromMysql(mysql::kErrTooManyConnections, "08004", "too many");
    return 0;
  };
  EXPECT_EQ(Do(To(2)).state, JobState::kSucceeded);
  EXPECT_EQ(asked, 3);
  // Nothing listens there.
  farm_.groups.Put(4, ServerStatus::kSecondary);
  asked = 0;
  farm_.sessions = [&](const HostPort&) -> absl::StatusOr<int> {
    ++asked;
    return mysql::FromMysql(mysql::kErrConnectFailed, "HY000",
                            "Can't connect to server on 'db' (111)");
  };
  EXPECT_EQ(Do(To(2)).state, JobState::kSucceeded);
  EXPECT_EQ(asked, 1);
}

TEST_F(ScalingTest, LetsADrainedMemberServeAgainWhenItsEndIsAskedFor) {
  std::atomic<bool> draining = false;
  farm_.sessions = [&](const HostPort&) {
    draining = true;
    return 1;
  };
  const auto begun = requests_->Scale(To(2), {.user = "jane"});
  ASSERT_TRUE(Eventually([&] { return draining.load(); }));
  farm_.inventory.RequestCancel(begun->job.id);
  const Job job = Ended(begun->job.id);
  EXPECT_EQ(job.state, JobState::kCancelled);
  EXPECT_THAT(job.error_message, HasSubstr("db:3302 stays in it"));
  EXPECT_THAT(farm_.groups.Members(), ::testing::Contains("db:3302 SECONDARY READ_ONLY 1"));
}

TEST_F(ScalingTest, KeepsMachinesThatAreToStay) {
  ASSERT_EQ(Do(To(4)).state, JobState::kSucceeded);
  ScalingAsked asked = To(3);
  asked.terms.keep_machines = true;
  EXPECT_EQ(Do(asked).state, JobState::kSucceeded);
  EXPECT_THAT(Listed(), SizeIs(1));
}

TEST_F(ScalingTest, SaysThatAMachineCouldNotBeDestroyed) {
  ASSERT_EQ(Do(To(4)).state, JobState::kSucceeded);
  farm_.cloud.FailDestroy(absl::UnavailableError("the cloud is down"));
  const Job job = Do(To(3));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_THAT(job.error_message, HasSubstr("the cloud is down"));
  EXPECT_THAT(farm_.groups.Members(), SizeIs(3));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
}

TEST_F(ScalingTest, LeavesMachinesThatShareTheAddressOfWhoLeaves) {
  List("00000000-0000-0000-0000-0000000000a1", {{.host = "172.17.0.2", .port = 3306}});
  List("00000000-0000-0000-0000-0000000000a2",
       {{.host = "host2", .port = 21000, .is_public = true}, {.host = "172.17.0.2", .port = 3306}});
  MakeFaulty(3, {"172.17.0.2", 3306});
  const auto planned = requests_->Scale(ToHeal(), {.validate_only = true});
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_FALSE(planned->plan.steps[1].destroys_machine);
  EXPECT_THAT(planned->plan.steps[1].reason, HasSubstr("several have its address"));
  EXPECT_THAT(planned->plan.steps[1].reason, HasSubstr("0000000000a2"));
  const Job job = Do(ToHeal());
  EXPECT_EQ(job.state, JobState::kSucceeded) << job.error_message;
  EXPECT_THAT(Listed(), SizeIs(3));
}

TEST_F(ScalingTest, KnowsAMachineByTheUuidOfItsServer) {
  const std::string own = FakeGroups::Uuid(3).text();
  List(own, {{.host = "172.17.0.2", .port = 3306}});
  List("00000000-0000-0000-0000-0000000000a2", {{.host = "172.17.0.2", .port = 3306}});
  MakeFaulty(3, {"172.17.0.2", 3306});
  const auto planned = requests_->Scale(ToHeal(), {.validate_only = true});
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->plan.steps[1].machine, own);
  EXPECT_TRUE(planned->plan.steps[1].destroys_machine);
}

TEST_F(ScalingTest, DestroysNoMachineThatCarriesAMemberOfAnotherGroup) {
  List("00000000-0000-0000-0000-0000000000a2",
       {{.host = "host2", .port = 21000, .is_public = true}, {.host = "172.17.0.2", .port = 3306}});
  MakeFaulty(3, {"172.17.0.2", 3306});
  // By its other address, and under another name.
  farm_.memberships.member = {"g2", {"host2", 21000}};
  farm_.memberships.uuid = FakeGroups::Uuid(9);
  Job job = Do(ToHeal());
  EXPECT_EQ(job.error_reason, "MACHINE_IN_GROUP");
  EXPECT_THAT(Listed(), SizeIs(2));
  EXPECT_EQ(farm_.inventory.GetMachine("00000000-0000-0000-0000-0000000000a2")->stage,
            Stage::kReady);
  farm_.memberships.member.address.host = "db9";
  farm_.server_at = [](const HostPort& address) -> absl::StatusOr<ServerUuid> {
    if (address.host == "host2") return FakeGroups::Uuid(9);
    return absl::UnavailableError("timed out");
  };
  MakeFaulty(2, {"172.17.0.2", 3306});
  job = Do(ToHeal());
  EXPECT_EQ(job.error_reason, "MACHINE_IN_GROUP");
  EXPECT_THAT(job.error_message, HasSubstr("a2"));
  EXPECT_THAT(Listed(), SizeIs(3));
}

}  // namespace
}  // namespace weft::provisioner
