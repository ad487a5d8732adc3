#include "tests/contract/provider_contract.h"

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner {

Machine ProviderContract::AwaitSettled(const std::string& uuid) {
  const Deadline deadline = Soon();
  while (true) {
    const auto machine = provider().Get(uuid, deadline);
    EXPECT_TRUE(machine.ok()) << machine.status();
    if (!machine.ok()) return {};
    if (machine->state != MachineState::kPending || deadline.Passed()) return *machine;
    RealClock::Get()->Sleep(absl::Milliseconds(20));
  }
}

Machine ProviderContract::Running(const MachineOrder& order) {
  const auto created = provider().Create(order, Soon());
  EXPECT_TRUE(created.ok()) << DescribeError(created.status());
  if (!created.ok()) return {};
  const Machine machine = AwaitSettled(order.uuid);
  EXPECT_EQ(machine.state, MachineState::kRunning) << machine.detail;
  return machine;
}

size_t ProviderContract::Count() {
  const auto machines = provider().Search({}, {}, Soon());
  EXPECT_TRUE(machines.ok()) << machines.status();
  return machines.ok() ? machines->size() : 0;
}

std::string NewSnapshotName(const std::string& uuid) {
  static std::atomic<int> made = 0;
  return SnapshotName(uuid, RealClock::Get()->Now() + absl::Seconds(++made));
}

std::string ProviderName(const ::testing::TestParamInfo<ProviderMaker>& info) {
  return info.param.name;
}

namespace {

// As a snapshot's name has its time.
MachineSnapshot WholeSeconds(MachineSnapshot snapshot) {
  snapshot.created = absl::FromUnixSeconds(absl::ToUnixSeconds(snapshot.created));
  return snapshot;
}

TEST_P(ProviderContract, LetsInWhoHasTheCredentials) {
  const absl::Status status = provider().Check(Soon());
  EXPECT_TRUE(status.ok()) << DescribeError(status);
}

TEST_P(ProviderContract, MakesAMachineThatRuns) {
  const MachineOrder order = under_test().Order();
  const Machine machine = Running(order);
  EXPECT_EQ(machine.uuid, order.uuid);
  EXPECT_EQ(machine.provider_id, under_test().provider_id());
  EXPECT_NE(machine.native_id, "");
  ASSERT_FALSE(machine.addresses.empty());
  for (const MachineAddress& address : machine.addresses) EXPECT_NE(address.host, "");
}

TEST_P(ProviderContract, FindsTheMachineOfAnEarlierCreate) {
  const MachineOrder order = under_test().Order();
  const Machine first = Running(order);
  const auto again = provider().Create(order, Soon());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->native_id, first.native_id);
  EXPECT_EQ(Count(), 1u);
}

TEST_P(ProviderContract, MakesOneMachineForTwoWhoAskAtOnce) {
  const MachineOrder order = under_test().Order();
  std::thread other([&] { provider().Create(order, Soon()).IgnoreError(); });
  provider().Create(order, Soon()).IgnoreError();
  other.join();
  EXPECT_EQ(Count(), 1u);
  EXPECT_EQ(AwaitSettled(order.uuid).state, MachineState::kRunning);
}

TEST_P(ProviderContract, SearchesByWhatWasKeptWithTheMachine) {
  MachineOrder web = under_test().Order(), data = under_test().Order();
  web.meta = {{"mysql-fabric", "True"}, {"role", "web"}};
  data.meta = {{"mysql-fabric", "True"}, {"role", "data = 1, with blanks"}};
  const Machine first = Running(web), second = Running(data);
  EXPECT_EQ(first.meta, web.meta);
  EXPECT_EQ(second.meta, data.meta);

  auto found = provider().Search({}, {{"mysql-fabric", "True"}}, Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 2u);
  EXPECT_LT((*found)[0].uuid, (*found)[1].uuid);

  found = provider().Search({}, data.meta, Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front(), second);

  found = provider().Search({}, {{"role", "none"}}, Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->empty());
}

TEST_P(ProviderContract, SearchesByWhatTheProviderKnows) {
  const Machine machine = Running(under_test().Order());
  Running(under_test().Order());
  const auto found =
      provider().Search({{"name", absl::StrCat("machine-", machine.uuid)}}, {}, Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().uuid, machine.uuid);
  EXPECT_EQ(provider().Search({{"colour", "red"}}, {}, Soon()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(ProviderContract, DestroysWhatItMadeAndThatOnly) {
  const Machine kept = Running(under_test().Order()), gone = Running(under_test().Order());
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = provider().Destroy(gone.uuid, Soon());
    EXPECT_TRUE(status.ok()) << DescribeError(status);
  }
  EXPECT_EQ(ErrorReason(provider().Get(gone.uuid, Soon()).status()), "MACHINE_UNKNOWN");
  EXPECT_EQ(Count(), 1u);
  EXPECT_EQ(AwaitSettled(kept.uuid).state, MachineState::kRunning);
}

TEST_P(ProviderContract, SaysOfAMachineThatIsNotThereThatItIsUnknown) {
  const std::string uuid = under_test().Order().uuid;
  const auto machine = provider().Get(uuid, Soon());
  EXPECT_EQ(machine.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(machine.status()), "MACHINE_UNKNOWN");
  EXPECT_TRUE(provider().Destroy(uuid, Soon()).ok());
}

TEST_P(ProviderContract, RefusesOrdersThatItDoesNotUnderstand) {
  MachineOrder path = under_test().Order(), image = path, flavor = path, none = path;
  path.uuid = "../../etc";
  image.image = {{"colour", "red"}};
  flavor.flavor = {{"colour", "red"}};
  none.uuid = "";
  std::vector<MachineOrder> orders = {path, none};
  if (!under_test().takes_any_image()) orders.insert(orders.end(), {image, flavor});
  for (const MachineOrder& order : orders) {
    const auto machine = provider().Create(order, Soon());
    EXPECT_EQ(machine.status().code(), absl::StatusCode::kInvalidArgument) << machine.status();
  }
  EXPECT_EQ(Count(), 0u);
}

TEST_P(ProviderContract, SaysThatAnImageIsUnknown) {
  const MachineOrder order = under_test().OrderOfUnknownImage();
  if (order.uuid.empty()) GTEST_SKIP() << "this provider has no images";
  const auto machine = provider().Create(order, Soon());
  if (under_test().learns_of_images_late()) {
    ASSERT_TRUE(machine.ok()) << machine.status();
    const Machine settled = AwaitSettled(order.uuid);
    EXPECT_EQ(settled.state, MachineState::kFailed);
    EXPECT_NE(settled.detail, "");
  } else {
    EXPECT_EQ(ErrorReason(machine.status()), "IMAGE_UNKNOWN") << machine.status();
    EXPECT_EQ(Count(), 0u);
  }
}

TEST_P(ProviderContract, SavesAMachinesDataAndMakesAnotherOfThem) {
  const Machine machine = Running(under_test().Order());
  const auto snapshot =
      provider().CreateSnapshot(machine.uuid, NewSnapshotName(machine.uuid), {Soon()});
  if (!under_test().offers_snapshots()) {
    EXPECT_EQ(snapshot.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(ErrorReason(snapshot.status()), "NOT_OFFERED");
    return;
  }
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  EXPECT_TRUE(absl::StartsWith(snapshot->name, absl::StrCat("snapshot-", machine.uuid, "-")));
  EXPECT_EQ(snapshot->machine_uuid, machine.uuid);
  EXPECT_EQ(AwaitSettled(machine.uuid).state, MachineState::kRunning);
  for (const std::string& uuid : {machine.uuid, std::string()}) {
    const auto listed = provider().ListSnapshots(uuid, Soon());
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->size(), 1u);
    EXPECT_EQ(WholeSeconds(listed->front()), WholeSeconds(*snapshot));
  }

  const MachineOrder order = under_test().Order();
  const auto restored = provider().Restore(snapshot->name, order, {Soon()});
  ASSERT_TRUE(restored.ok()) << DescribeError(restored.status());
  EXPECT_EQ(restored->uuid, order.uuid);
  EXPECT_EQ(AwaitSettled(order.uuid).state, MachineState::kRunning);
  EXPECT_EQ(Count(), 2u);

  // A snapshot outlives its machine.
  ASSERT_TRUE(provider().Destroy(machine.uuid, Soon()).ok());
  EXPECT_EQ(provider().ListSnapshots(machine.uuid, Soon())->size(), 1u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(provider().DestroySnapshot(snapshot->name, Soon()).ok());
  }
  EXPECT_TRUE(provider().ListSnapshots("", Soon())->empty());
}

TEST_P(ProviderContract, FindsTheSnapshotOfAnEarlierTry) {
  if (!under_test().offers_snapshots()) GTEST_SKIP() << "this provider has no snapshots";
  const Machine machine = Running(under_test().Order());
  const std::string name = NewSnapshotName(machine.uuid);
  const auto first = provider().CreateSnapshot(machine.uuid, name, {Soon()});
  ASSERT_TRUE(first.ok()) << DescribeError(first.status());
  EXPECT_EQ(first->name, name);
  const auto again = provider().CreateSnapshot(machine.uuid, name, {Soon()});
  ASSERT_TRUE(again.ok()) << DescribeError(again.status());
  EXPECT_EQ(WholeSeconds(*again), WholeSeconds(*first));
  EXPECT_EQ(provider().ListSnapshots(machine.uuid, Soon())->size(), 1u);
  EXPECT_TRUE(provider().DestroySnapshot(name, Soon()).ok());
}

TEST_P(ProviderContract, EndsASnapshotWhenThatIsAskedForAndKeepsNothingOfIt) {
  if (!under_test().offers_snapshots()) GTEST_SKIP() << "this provider has no snapshots";
  const Machine machine = Running(under_test().Order());
  const std::string name = NewSnapshotName(machine.uuid);
  const absl::Status ended =
      provider().CreateSnapshot(machine.uuid, name, {Soon(), [] { return true; }}).status();
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  EXPECT_EQ(AwaitSettled(machine.uuid).state, MachineState::kRunning);
  EXPECT_TRUE(provider().ListSnapshots("", Soon())->empty());
  const auto snapshot =
      provider().CreateSnapshot(machine.uuid, name, {Soon(), [] { return false; }});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  EXPECT_TRUE(provider().DestroySnapshot(snapshot->name, Soon()).ok());
}

TEST_P(ProviderContract, SaysThatASnapshotIsUnknown) {
  const MachineOrder order = under_test().Order();
  const std::string name = absl::StrCat("snapshot-", order.uuid, "-1700000000");
  const absl::Status restored = provider().Restore(name, order, {Soon()}).status();
  if (!under_test().offers_snapshots()) {
    EXPECT_EQ(ErrorReason(restored), "NOT_OFFERED");
    return;
  }
  EXPECT_EQ(ErrorReason(restored), "SNAPSHOT_UNKNOWN");
  EXPECT_EQ(
      ErrorReason(
          provider().CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {Soon()}).status()),
      "MACHINE_UNKNOWN");
  EXPECT_TRUE(provider().DestroySnapshot(name, Soon()).ok());
  EXPECT_TRUE(provider().ListSnapshots(order.uuid, Soon())->empty());
}

struct Expected {
  std::set<std::string> reasons;
  absl::Duration timeout = absl::Seconds(8);
};

// What each call says in each trouble that strikes the whole provider.
const std::map<Trouble, Expected>& WholeTroubles() {
  static const auto& troubles = *new std::map<Trouble, Expected>{
      {Trouble::kUnreachable, {{"PROVIDER_UNREACHABLE"}}},
      {Trouble::kServerError, {{"PROVIDER_UNREACHABLE"}}},
      {Trouble::kWrongCredentials, {{"PROVIDER_REFUSES_CREDENTIALS"}}},
      {Trouble::kGarbage, {{"PROVIDER_GARBAGE"}}},
      {Trouble::kOtherJson, {{"PROVIDER_GARBAGE"}}},
      {Trouble::kEcho, {{"PROVIDER_GARBAGE"}}},
      {Trouble::kHalf, {{"PROVIDER_UNREACHABLE", "PROVIDER_GARBAGE"}}},
      {Trouble::kRedirect, {{"PROVIDER_GARBAGE"}}},
      {Trouble::kSlow, {{"PROVIDER_TOO_SLOW"}, absl::Milliseconds(300)}},
  };
  return troubles;
}

TEST_P(ProviderContract, SaysWhatIsWrongAndGoesOnAfterwards) {
  const Machine machine = Running(under_test().Order());
  const MachineOrder order = under_test().Order();
  int staged = 0;
  for (const auto& [trouble, expected] : WholeTroubles()) {
    if (!under_test().Stage(trouble)) continue;
    ++staged;
    const auto soon = [&, timeout = expected.timeout] { return under_test().Soon(timeout); };
    const absl::Duration begin = RealClock::Get()->MonotonicNow();
    for (const absl::Status& status :
         {provider().Check(soon()), provider().Create(order, soon()).status(),
          provider().Get(machine.uuid, soon()).status(), provider().Search({}, {}, soon()).status(),
          provider().Destroy(order.uuid, soon())}) {
      EXPECT_TRUE(expected.reasons.contains(ErrorReason(status)))
          << "trouble " << static_cast<int>(trouble) << ": " << DescribeError(status);
      for (const std::string& secret : under_test().Secrets()) {
        EXPECT_FALSE(absl::StrContains(DescribeError(status), secret)) << DescribeError(status);
      }
    }
    EXPECT_LT(RealClock::Get()->MonotonicNow() - begin, absl::Seconds(10));
    ASSERT_TRUE(under_test().Stage(Trouble::kNone));
    EXPECT_EQ(AwaitSettled(machine.uuid).uuid, machine.uuid);
  }
  if (staged == 0) GTEST_SKIP() << "nothing can be wrong with all of this provider";
}

TEST_P(ProviderContract, SaysThatThereIsNoMoreToGive) {
  if (!under_test().Stage(Trouble::kQuota)) GTEST_SKIP() << "this provider has no end";
  const MachineOrder order = under_test().Order();
  const auto machine = provider().Create(order, Soon());
  EXPECT_EQ(machine.status().code(), absl::StatusCode::kResourceExhausted) << machine.status();
  EXPECT_EQ(ErrorReason(machine.status()), "PROVIDER_QUOTA");
  // Nothing is left that is not listed, and nothing once it is destroyed.
  EXPECT_TRUE(provider().Destroy(order.uuid, Soon()).ok());
  EXPECT_EQ(Count(), 0u);
  ASSERT_TRUE(under_test().Stage(Trouble::kNone));
  Running(under_test().Order());
}

TEST_P(ProviderContract, ListsAMachineThatNeverRunsUntilItIsDestroyed) {
  if (!under_test().Stage(Trouble::kNeverRuns)) GTEST_SKIP() << "machines run at once here";
  const MachineOrder order = under_test().Order();
  provider().Create(order, under_test().Soon(absl::Seconds(2))).IgnoreError();
  // It may have been up for a moment.
  const Deadline deadline = Soon();
  auto machine = provider().Get(order.uuid, deadline);
  while (machine.ok() && machine->state == MachineState::kRunning && !deadline.Passed()) {
    RealClock::Get()->Sleep(absl::Milliseconds(20));
    machine = provider().Get(order.uuid, deadline);
  }
  ASSERT_TRUE(machine.ok()) << machine.status();
  EXPECT_NE(machine->state, MachineState::kRunning);
  EXPECT_EQ(Count(), 1u);
  EXPECT_TRUE(provider().Destroy(order.uuid, Soon()).ok());
  EXPECT_EQ(Count(), 0u);
}

}  // namespace
}  // namespace weft::provisioner
