// What becomes of machines when providers fail, in every way that they do.
#include "services/provisioner/machine_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/provisioner/copies/testing/fake_group_directory.h"
#include "services/provisioner/machine_requests.h"
#include "services/provisioner/ports/inventory_errors.h"
#include "services/provisioner/ports/memory_inventory.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/snapshot_work.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kPatience = absl::Seconds(20);

// A provider in its memory, which fails as it is told to.
struct Cloud {
  std::set<std::string> machines;
  absl::Status create, destroy;
  size_t room = 100;  // for machines
  MachineState state = MachineState::kRunning;
  bool makes_all_the_same = false;  // an error of Create comes after the machine was made
  int port = 3306;
  bool has_servers = true;
  absl::Duration time_to_restore;
  std::atomic<bool> copies = false;
  bool copies_for_long = false;
  Inventory* inventory = nullptr;
  bool saw_unlisted = false;  // it was asked for a machine that nobody had listed
};
Cloud* cloud = nullptr;

class CloudProvider : public Provider {
 public:
  bool has_servers() const override { return cloud->has_servers; }
  absl::Status Check(const Deadline&) override { return absl::OkStatus(); }
  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    if (!cloud->inventory->GetMachine(order.uuid).ok()) cloud->saw_unlisted = true;
    if (cloud->machines.size() >= cloud->room) return ProviderQuota("cloud", "no room");
    if (cloud->create.ok() || cloud->makes_all_the_same) cloud->machines.insert(order.uuid);
    if (!cloud->create.ok()) return cloud->create;
    return Get(order.uuid, deadline);
  }
  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline&) override {
    if (cloud->machines.count(uuid) == 0) return MachineUnknown("cloud", uuid);
    Machine machine;
    machine.uuid = uuid;
    machine.addresses = {{.host = "10.0.0.1", .port = cloud->port}};
    machine.state = cloud->state;
    return machine;
  }
  absl::StatusOr<std::vector<Machine>> Search(const Properties&, const Properties&,
                                              const Deadline&) override {
    return std::vector<Machine>();
  }
  absl::Status Destroy(const std::string& uuid, const Deadline&) override {
    if (cloud->destroy.ok()) cloud->machines.erase(uuid);
    return cloud->destroy;
  }
  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid,
                                                 const CopyTerms& terms) override {
    cloud->copies = true;
    while (cloud->copies_for_long && !terms.Cancelled()) {
      if (terms.deadline.Passed()) return ProviderTooSlow("cloud", "a snapshot");
      RealClock::Get()->Sleep(absl::Milliseconds(1));
    }
    if (terms.Cancelled()) return ProviderCancelled("cloud", "a snapshot");
    return MachineSnapshot{.name = absl::StrCat("snapshot-", uuid), .machine_uuid = uuid};
  }
  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string&,
                                                             const Deadline&) override {
    return std::vector<MachineSnapshot>();
  }
  absl::Status DestroySnapshot(const std::string&, const Deadline&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<Machine> Restore(const std::string&, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    cloud->time_to_restore = terms.deadline.Remaining();
    return Create(order, terms.deadline);
  }
};

absl::StatusOr<std::unique_ptr<Provider>> MakeCloud(const ProviderRecord&,
                                                    const ProviderSurroundings&) {
  return std::make_unique<CloudProvider>();
}

class MachineWorkTest : public ::testing::Test {
 protected:
  MachineWorkTest() {
    cloud = &cloud_;
    cloud_.inventory = &inventory_;
    work_.Serve(&runner_);
    snapshots_.Serve(&runner_);
    runner_.Start();
    ProviderDirectory::Registration registration;
    registration.record.id = "os";
    registration.record.type = "cloud";
    EXPECT_TRUE(directory_.Register(registration, Deadline()).ok());
  }
  ~MachineWorkTest() override { runner_.Stop(); }

  // Asks for machines and waits for the end.
  Job Make(int count, bool unlisted = false) {
    MachineRequests::CreateOrder order;
    order.provider = "os";
    order.count = count;
    order.unlisted = unlisted;
    order.reach_timeout = absl::Milliseconds(50);
    const auto begun = requests_.Create(order, {.user = "jane"});
    EXPECT_TRUE(begun.ok()) << begun.status();
    return Ended(begun->job.id);
  }
  Job Ended(const std::string& id) {
    const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
    while (!inventory_.GetJob(id)->done() && !deadline.Passed()) {
      RealClock::Get()->Sleep(absl::Milliseconds(2));
    }
    return *inventory_.GetJob(id);
  }
  std::vector<MachineEntry> Listed() { return *requests_.List(""); }

  Cloud cloud_;
  MemoryInventory inventory_;
  const std::vector<ProviderType> types_ = {{"cloud", &MakeCloud}};
  ProviderDirectory directory_{&inventory_, nullptr, {.clock = RealClock::Get()}, types_};
  absl::Status reach_;
  MachineWork work_{{.poll = absl::Milliseconds(5),
                     .reach =
                         [this](const MachineAddress& address) {
                           EXPECT_EQ(address.port, 3306);
                           return reach_;
                         }},
                    &inventory_,
                    &directory_,
                    RealClock::Get()};
  SnapshotWork snapshots_{&inventory_, &directory_, RealClock::Get()};
  JobRunner runner_{{.name = "p", .period = absl::Milliseconds(20)}, &inventory_, RealClock::Get()};
  FakeGroupDirectory groups_;
  MachineRequests requests_{&inventory_, &directory_, &groups_, &runner_, RealClock::Get()};
};

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

TEST_F(MachineWorkTest, SaysWhatIsWrongWithTheProvider) {
  cloud_.create = ProviderUnreachable("cloud", "refused");
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

TEST_F(MachineWorkTest, GivesARestoreTheTimeThatMuchDataTake) {
  ASSERT_TRUE(inventory_.PutSnapshot({{.name = "s"}, "os"}).ok());
  const auto begun = requests_.Restore("s", {}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_EQ(Ended(begun->job.id).state, JobState::kSucceeded);
  EXPECT_GT(cloud_.time_to_restore, absl::Hours(23));
}

TEST_F(MachineWorkTest, EndsASnapshotInItsMidstWhenThatIsAskedFor) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  cloud_.copies_for_long = true;
  const auto begun = requests_.CreateSnapshot({.machine = uuid}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
  while (!cloud_.copies && !deadline.Passed()) RealClock::Get()->Sleep(absl::Milliseconds(1));
  inventory_.RequestCancel(begun->id);
  EXPECT_EQ(Ended(begun->id).state, JobState::kCancelled);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), IsEmpty());
  cloud_.copies_for_long = false;
  EXPECT_EQ(Ended(requests_.CreateSnapshot({.machine = uuid}, {})->id).state, JobState::kSucceeded);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), SizeIs(1));
}

TEST_F(MachineWorkTest, MakesNoSecondSnapshotWhereItIsResumedAfterTheFirst) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  ASSERT_TRUE(inventory_.PutSnapshot({{.name = "made", .machine_uuid = uuid}, "os"}).ok());
  SnapshotWish wish;
  wish.provider = "os";
  wish.machine = uuid;
  Job left;
  left.id = "left";
  left.kind = kCreateSnapshot;
  left.request_id = "r";
  left.request = ToJson(wish);
  left.notes = NotesOf({.name = "made", .machine_uuid = uuid});
  ASSERT_TRUE(inventory_.BeginJob(left).ok());
  const Job ended = Ended("left");
  EXPECT_EQ(ended.state, JobState::kSucceeded) << ended.error_message;
  EXPECT_THAT(ended.result, HasSubstr("made"));
  EXPECT_FALSE(cloud_.copies);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), SizeIs(1));
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
