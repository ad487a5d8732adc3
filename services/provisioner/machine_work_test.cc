// What becomes of machines when providers fail, in every way that they do.
#include "services/provisioner/machine_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/base/error_details.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/testing/machine_work_fixture.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(MachineWorkTest, ListsEachMachineBeforeItsProviderIsAskedForIt) {
  EXPECT_EQ(Make(2).state, JobState::kSucceeded);
  EXPECT_FALSE(cloud_.saw_unlisted);
  ASSERT_THAT(Listed(), SizeIs(2));
  EXPECT_EQ(Listed()[0].stage, Stage::kReady);
  EXPECT_THAT(Listed()[0].machine.addresses, SizeIs(1));
}

TEST_F(MachineWorkTest, ForgetsMachinesThatAreToBeUnlistedOnlyOnceTheyStand) {
  EXPECT_EQ(Make(1, /*unlisted=*/true).state, JobState::kSucceeded);
  EXPECT_FALSE(cloud_.saw_unlisted);
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(cloud_.machines, SizeIs(1));
}

TEST_F(MachineWorkTest, DestroysWhatItMadeWhenTheQuotaIsReached) {
  cloud_.room = 2;
  const Job job = Make(3);
  EXPECT_EQ(job.error_reason, "PROVIDER_QUOTA");
  EXPECT_THAT(cloud_.machines, IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(MachineWorkTest, DestroysAMachineThatWasMadeThoughItsAnswerWasLost) {
  cloud_.create = ProviderTooSlow("cloud", "the machine");
  cloud_.makes_all_the_same = true;
  EXPECT_EQ(Make(1).error_reason, "PROVIDER_TOO_SLOW");
  EXPECT_THAT(cloud_.machines, IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(MachineWorkTest, KeepsOnTheListWhatItsProviderMayYetMake) {
  for (const absl::Status& error :
       {ProviderTooSlow("cloud", "POST"), ProviderUnreachable("cloud", "HTTP status 504")}) {
    cloud_.create = error;
    const Job job = Make(1);
    EXPECT_EQ(job.error_reason, ErrorReason(error));
    EXPECT_THAT(job.error_message, HasSubstr("1 machine could not be destroyed again, or may yet"));
    ASSERT_THAT(Listed(), SizeIs(1));
    EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
    EXPECT_THAT(Listed()[0].machine.detail, HasSubstr("may yet make it"));
    // It was on its way.
    const std::string uuid = Listed()[0].machine.uuid;
    cloud_.machines.insert(uuid);
    EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid}, {})->id).state, JobState::kSucceeded);
    EXPECT_THAT(cloud_.machines, IsEmpty());
    EXPECT_THAT(Listed(), IsEmpty());
  }
}

TEST_F(MachineWorkTest, ListsAgainWhatWasMadeAfterAnotherHadPutItBack) {
  cloud_.on_create = [this] {
    Job job = inventory_.ListJobs()->front();
    while (!inventory_.TakeJob(job, "another").ok()) job = inventory_.ListJobs()->front();
    EXPECT_TRUE(inventory_.RemoveMachine(Listed()[0].machine.uuid).ok());
    // Once this one is seen to, the runner has seen that the other is another's.
    Job later;
    later.id = "later";
    later.kind = "look";
    later.request_id = "later";
    later.created = RealClock::Get()->Now();
    EXPECT_TRUE(inventory_.BeginJob(later).ok());
    Ended("later");
    job.holder = "another";
    job.state = JobState::kCancelled;
    EXPECT_TRUE(inventory_.ReportJob(job).ok());
  };
  Make(1);
  const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
  while (Listed().empty() && !deadline.Passed()) RealClock::Get()->Sleep(absl::Milliseconds(1));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  EXPECT_EQ(cloud_.machines, (std::set<std::string>{Listed()[0].machine.uuid}));
}

TEST_F(MachineWorkTest, SaysWhatIsWrongWithTheProvider) {
  cloud_.create = ProviderNeverAsked("cloud", "refused");
  EXPECT_EQ(Make(1).error_reason, "PROVIDER_UNREACHABLE");
  cloud_.create = ProviderGarbage("cloud", "JSON", "<html>");
  EXPECT_EQ(Make(1).error_reason, "PROVIDER_GARBAGE");
  cloud_.create = ProviderRefusesCredentials("cloud", "401");
  EXPECT_EQ(Make(1).error_reason, "PROVIDER_REFUSES_CREDENTIALS");
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(MachineWorkTest, DestroysAMachineThatIsNeverReached) {
  reach_ = absl::UnavailableError("connection refused");
  const Job job = Make(1);
  EXPECT_EQ(job.error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(job.error_message, HasSubstr("connection refused"));
  EXPECT_THAT(cloud_.machines, IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(MachineWorkTest, ListsNoneAsReadyBeforeAllAreReached) {
  on_reach_ = [this] {
    for (const MachineEntry& entry : Listed()) EXPECT_EQ(entry.stage, Stage::kCreating);
  };
  EXPECT_EQ(Make(2).state, JobState::kSucceeded);
  for (const MachineEntry& entry : Listed()) EXPECT_EQ(entry.stage, Stage::kReady);
}

TEST_F(MachineWorkTest, DestroysNoMemberOfAGroupThoughAnotherMachineIsNeverReached) {
  const std::string first = MachineUuidOf("two", 1);
  cloud_.never_up = MachineUuidOf("two", 2);
  groups_.member = {"orders", {"db7", 3306}};
  groups_.uuid = *ServerUuid::Parse(first);
  MachineRequests::CreateOrder order;
  order.provider = "os";
  order.count = 2;
  order.reach_timeout = absl::Milliseconds(50);
  const auto begun = requests_.Create(order, {.request_id = "two"});
  ASSERT_TRUE(begun.ok()) << begun.status();
  const Job job = Ended(begun->job.id);
  EXPECT_EQ(job.error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(job.error_message, HasSubstr("1 machine could not be destroyed"));
  EXPECT_EQ(cloud_.machines, (std::set<std::string>{first}));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  EXPECT_THAT(Listed()[0].machine.detail, HasSubstr("carries a server of a group"));
  EXPECT_THAT(Listed()[0].machine.addresses, SizeIs(1));
}

TEST_F(MachineWorkTest, KeepsWhatMayBeInAGroupWhileNobodyTells) {
  reach_ = absl::UnavailableError("connection refused");
  groups_.error = absl::UnavailableError("no controller");
  EXPECT_EQ(Make(1).error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(cloud_.machines, SizeIs(1));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  // What was never made is in none.
  cloud_.create = ProviderNeverAsked("cloud", "refused");
  EXPECT_EQ(Make(1).error_reason, "PROVIDER_UNREACHABLE");
  EXPECT_THAT(Listed(), SizeIs(1));
}

TEST_F(MachineWorkTest, ReachesAHostOfItsOwnAtMySqlsPort) {
  cloud_.port = 0;
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  reach_ = absl::UnavailableError("connection refused");
  EXPECT_EQ(Make(1).error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(cloud_.machines, SizeIs(1));
  // There is nothing to be reached.
  cloud_.has_servers = false;
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  EXPECT_THAT(cloud_.machines, SizeIs(2));
}

TEST_F(MachineWorkTest, GivesUpAMachineThatNeverComesUp) {
  cloud_.state = MachineState::kPending;
  EXPECT_EQ(Make(1).error_reason, "MACHINE_UNREACHABLE");
  cloud_.state = MachineState::kFailed;
  EXPECT_EQ(Make(1).error_reason, "MACHINE_FAILED");
  EXPECT_THAT(cloud_.machines, IsEmpty());
}

TEST_F(MachineWorkTest, KeepsAnOrphanOnTheListUntilItIsDestroyed) {
  reach_ = absl::UnavailableError("connection refused");
  cloud_.destroy = ProviderUnreachable("cloud", "refused");
  const Job job = Make(1);
  EXPECT_EQ(job.error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(job.error_message, HasSubstr("stay listed"));
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  EXPECT_THAT(Listed()[0].machine.detail, HasSubstr("could not be destroyed"));

  const std::string uuid = Listed()[0].machine.uuid;
  EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid}, {})->id).error_reason,
            "PROVIDER_UNREACHABLE");
  EXPECT_EQ(Listed()[0].stage, Stage::kOrphan);
  cloud_.destroy = absl::OkStatus();
  EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid}, {})->id).state, JobState::kSucceeded);
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(cloud_.machines, IsEmpty());
}

TEST_F(MachineWorkTest, ForgetsByForceWhatItsProviderDoesNotRemove) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  cloud_.destroy = ProviderUnreachable("cloud", "refused");
  const Job job =
      Ended(requests_.Destroy({.machine = Listed()[0].machine.uuid, .force = true}, {})->id);
  EXPECT_EQ(job.state, JobState::kSucceeded);
  EXPECT_THAT(job.result, HasSubstr("provider_failed"));
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(MachineWorkTest, DestroysNoMemberOfAGroupUnlessForced) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  // By its address; then by its uuid, where the group knows it by another address.
  groups_.member = {"orders", {"10.0.0.1", 3306}};
  const absl::Status refused = requests_.Destroy({.machine = uuid}, {}).status();
  EXPECT_EQ(ErrorReason(refused), "MACHINE_IN_GROUP");
  EXPECT_THAT(DescribeError(refused), HasSubstr("server 10.0.0.1:3306 in group orders"));
  groups_.member.address = {"db7", 3306};
  groups_.uuid = *ServerUuid::Parse(uuid);
  EXPECT_EQ(ErrorReason(requests_.Destroy({.machine = uuid}, {}).status()), "MACHINE_IN_GROUP");
  EXPECT_EQ(ErrorReason(requests_.Destroy({.machine = uuid}, {.validate_only = true}).status()),
            "MACHINE_IN_GROUP");
  EXPECT_EQ(Listed()[0].stage, Stage::kReady);
  EXPECT_THAT(cloud_.machines, SizeIs(1));
  EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid, .force = true}, {})->id).state,
            JobState::kSucceeded);
  EXPECT_THAT(cloud_.machines, IsEmpty());
}

TEST_F(MachineWorkTest, DestroysNoMemberThatItsGroupKnowsByAnotherName) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  groups_.member = {"orders", {"db4.example.net", 3306}};
  groups_.uuid = *ServerUuid::Parse("00000000-0000-0000-0000-000000000004");
  server_ = groups_.uuid;
  const absl::Status refused = requests_.Destroy({.machine = uuid}, {}).status();
  EXPECT_EQ(ErrorReason(refused), "MACHINE_IN_GROUP");
  EXPECT_THAT(DescribeError(refused), HasSubstr("server db4.example.net:3306 in group orders"));
  // It does not answer: what its name stands for tells.
  server_ = absl::UnavailableError("connection refused");
  names_.insert_or_assign("10.0.0.1", std::vector<std::string>{"10.0.0.1"});
  names_.insert_or_assign("db4.example.net", std::vector<std::string>{"10.0.0.9", "10.0.0.1"});
  EXPECT_EQ(ErrorReason(requests_.Destroy({.machine = uuid}, {}).status()), "MACHINE_IN_GROUP");
  // Nobody tells: neither the server, which serves, nor the resolver.
  names_.insert_or_assign("db4.example.net", absl::UnavailableError("try again"));
  const absl::Status unknown = requests_.Destroy({.machine = uuid}, {}).status();
  EXPECT_EQ(ErrorReason(unknown), "SERVER_UNKNOWN");
  EXPECT_THAT(DescribeError(unknown), HasSubstr("db4.example.net"));
  names_.insert_or_assign("db4.example.net", std::vector<std::string>{"10.0.0.9"});
  server_ = absl::ResourceExhaustedError("too many connections");
  EXPECT_EQ(ErrorReason(requests_.Destroy({.machine = uuid}, {}).status()), "SERVER_UNKNOWN");
  EXPECT_THAT(cloud_.machines, SizeIs(1));
  // Another server than the member.
  server_ = *ServerUuid::Parse("00000000-0000-0000-0000-000000000005");
  EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid}, {})->id).state, JobState::kSucceeded);
  EXPECT_THAT(cloud_.machines, IsEmpty());
}

TEST_F(MachineWorkTest, AsksItsProviderWhereAnUnlistedMachineIs) {
  EXPECT_EQ(Make(1, /*unlisted=*/true).state, JobState::kSucceeded);
  const std::string uuid = *cloud_.machines.begin();
  const MachineRequests::DestroyOrder order = {.machine = uuid, .provider = "os", .unlisted = true};
  groups_.member = {"orders", {"10.0.0.1", 3306}};
  EXPECT_EQ(ErrorReason(requests_.Destroy(order, {}).status()), "MACHINE_IN_GROUP");
  groups_.member = {};
  EXPECT_EQ(Ended(requests_.Destroy(order, {})->id).state, JobState::kSucceeded);
  EXPECT_THAT(cloud_.machines, IsEmpty());
  // One that is gone is nobody's.
  groups_.member = {"orders", {"10.0.0.1", 3306}};
  EXPECT_EQ(Ended(requests_.Destroy(order, {})->id).state, JobState::kSucceeded);
}

TEST_F(MachineWorkTest, DestroysNothingUnforcedWhileNobodyTellsWhoIsInAGroup) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  groups_.error = absl::UnavailableError("connection refused");
  const absl::Status refused = requests_.Destroy({.machine = uuid}, {}).status();
  EXPECT_EQ(ErrorReason(refused), "GROUPS_UNKNOWN");
  EXPECT_THAT(DescribeError(refused), HasSubstr("connection refused"));
  EXPECT_THAT(DescribeError(refused), HasSubstr("--force"));
  EXPECT_EQ(Ended(requests_.Destroy({.machine = uuid, .force = true}, {})->id).state,
            JobState::kSucceeded);
}

TEST_F(MachineWorkTest, ShowsAsAnOrphanWhatNoOperationWorksOnAnyMore) {
  MachineEntry entry;
  entry.machine.uuid = "u";
  entry.machine.provider_id = "os";
  entry.operation = "gone";
  ASSERT_TRUE(inventory_.PutMachine(entry).ok());
  EXPECT_EQ(requests_.Get("u")->stage, Stage::kOrphan);
  EXPECT_THAT(requests_.Get("u")->machine.detail, HasSubstr("operation gone has ended"));
}

TEST_F(MachineWorkTest, GoesOnWithWhatADeadProvisionerBegan) {
  // It died after the provider had made the first of two.
  CreateWish wish;
  wish.provider = "os";
  for (int i = 1; i <= 2; ++i) {
    MachineOrder order;
    order.uuid = MachineUuidOf("r", i);
    wish.orders.push_back(order);
  }
  cloud_.machines.insert(wish.orders[0].uuid);
  Job left;
  left.id = "left";
  left.kind = kCreateMachines;
  left.request_id = "r";
  left.request = ToJson(wish);
  ASSERT_TRUE(inventory_.BeginJob(left).ok());
  EXPECT_EQ(Ended("left").state, JobState::kSucceeded);
  EXPECT_THAT(Listed(), SizeIs(2));
  EXPECT_THAT(cloud_.machines, SizeIs(2));
}

TEST_F(MachineWorkTest, RefusesWhatItCannotTake) {
  MachineRequests::CreateOrder order;
  order.provider = "os";
  order.count = 101;
  EXPECT_EQ(ErrorReason(requests_.Create(order, {}).status()), "BAD_ARGUMENT");
  order.count = 1;
  order.like.meta["mysql-fabric-uuid"] = "x";
  EXPECT_EQ(ErrorReason(requests_.Create(order, {}).status()), "BAD_ARGUMENT");
  order.like.meta.clear();
  order.like.user_data = "secret";
  EXPECT_EQ(ErrorReason(requests_.Create(order, {}).status()), "KEY_REQUIRED");
  order.like.user_data.clear();
  order.provider = "none";
  EXPECT_EQ(ErrorReason(requests_.Create(order, {}).status()), "UNKNOWN_PROVIDER");
}

}  // namespace
}  // namespace weft::provisioner
