#include "services/provisioner/snapshot_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error_details.h"
#include "services/provisioner/testing/machine_work_fixture.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SnapshotWorkTest : public MachineWorkTest {
 protected:
  void AwaitCopying() {
    const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
    while (!cloud_.copies && !deadline.Passed()) RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  // What a provisioner that died had begun.
  static Job LeftOf(const SnapshotWish& wish) {
    Job left;
    left.id = "left";
    left.kind = kCreateSnapshot;
    left.request_id = "r";
    left.request = ToJson(wish);
    return left;
  }
};

TEST_F(SnapshotWorkTest, GivesARestoreTheTimeThatMuchDataTake) {
  ASSERT_TRUE(inventory_.PutSnapshot({{.name = "s"}, "os"}).ok());
  const auto begun = requests_.Restore("s", {}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_EQ(Ended(begun->job.id).state, JobState::kSucceeded);
  EXPECT_GT(cloud_.time_to_restore, absl::Hours(23));
}

TEST_F(SnapshotWorkTest, HasNoRestoredMachineReadyThatFollowsWhomTheSavedOneFollowed) {
  ASSERT_TRUE(inventory_.PutSnapshot({{.name = "s"}, "os"}).ok());
  const MachineRequests::CreateOrder order = {.reach_timeout = absl::Milliseconds(50)};
  detach_ = absl::PermissionDeniedError("REPLICATION_SLAVE_ADMIN is lacking");
  const Job refused = Ended(requests_.Restore("s", order, {})->job.id);
  EXPECT_EQ(refused.error_reason, "MACHINE_UNREACHABLE");
  EXPECT_THAT(refused.error_message, HasSubstr("is lacking"));
  EXPECT_THAT(Listed(), IsEmpty());
  detach_ = absl::OkStatus();
  detached_ = 0;
  EXPECT_EQ(Ended(requests_.Restore("s", order, {})->job.id).state, JobState::kSucceeded);
  EXPECT_EQ(detached_, 1);
  // One that is new has nobody to follow.
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  EXPECT_EQ(detached_, 1);
}

TEST_F(SnapshotWorkTest, EndsASnapshotInItsMidstWhenThatIsAskedFor) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  cloud_.copies_for_long = true;
  const auto begun = requests_.CreateSnapshot({.machine = uuid}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  AwaitCopying();
  inventory_.RequestCancel(begun->id);
  EXPECT_EQ(Ended(begun->id).state, JobState::kCancelled);
  EXPECT_FALSE(cloud_.left_to_another);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), IsEmpty());
  cloud_.copies_for_long = false;
  EXPECT_EQ(Ended(requests_.CreateSnapshot({.machine = uuid}, {})->id).state, JobState::kSucceeded);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), SizeIs(1));
}

TEST_F(SnapshotWorkTest, LeavesASnapshotToWhoResumesItWhenThisProvisionerStops) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  cloud_.copies_for_long = true;
  const auto begun = requests_.CreateSnapshot({.machine = Listed()[0].machine.uuid}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  AwaitCopying();
  runner_.Stop();
  EXPECT_TRUE(cloud_.left_to_another);
  EXPECT_FALSE(inventory_.GetJob(begun->id)->done());
}

TEST_F(SnapshotWorkTest, MakesNoSecondSnapshotWhereItIsResumedAfterTheFirst) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  const std::string uuid = Listed()[0].machine.uuid;
  ASSERT_TRUE(inventory_.PutSnapshot({{.name = "made", .machine_uuid = uuid}, "os"}).ok());
  SnapshotWish wish;
  wish.provider = "os";
  wish.machine = uuid;
  Job left = LeftOf(wish);
  left.notes = NotesOf({.name = "made", .machine_uuid = uuid, .native_id = "made"});
  ASSERT_TRUE(inventory_.BeginJob(left).ok());
  const Job ended = Ended("left");
  EXPECT_EQ(ended.state, JobState::kSucceeded) << ended.error_message;
  EXPECT_THAT(ended.result, HasSubstr("made"));
  EXPECT_FALSE(cloud_.copies);
  EXPECT_THAT(*inventory_.ListSnapshots("", ""), SizeIs(1));
}

TEST_F(SnapshotWorkTest, GoesOnWithTheSnapshotThatADeadProvisionerBegan) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  SnapshotWish wish;
  wish.provider = "os";
  wish.machine = Listed()[0].machine.uuid;
  Job left = LeftOf(wish);
  left.notes = NotesOf({.name = "begun", .machine_uuid = wish.machine});
  ASSERT_TRUE(inventory_.BeginJob(left).ok());
  EXPECT_EQ(Ended("left").state, JobState::kSucceeded);
  EXPECT_TRUE(cloud_.copies);
  ASSERT_THAT(*inventory_.ListSnapshots("", ""), SizeIs(1));
  EXPECT_EQ(inventory_.ListSnapshots("", "")->front().snapshot.name, "begun");
}

TEST_F(SnapshotWorkTest, KeepsTheNameOfASnapshotBeforeItsProviderIsAskedForIt) {
  EXPECT_EQ(Make(1).state, JobState::kSucceeded);
  cloud_.copies_for_long = true;
  const auto begun = requests_.CreateSnapshot({.machine = Listed()[0].machine.uuid}, {});
  ASSERT_TRUE(begun.ok()) << begun.status();
  AwaitCopying();
  // Its name was kept before the provider was asked for it.
  const auto kept = ParseSnapshotNotes(inventory_.GetJob(begun->id)->notes);
  ASSERT_TRUE(kept.has_value());
  EXPECT_THAT(kept->name, HasSubstr("snapshot-"));
  inventory_.RequestCancel(begun->id);
  EXPECT_EQ(Ended(begun->id).state, JobState::kCancelled);
}

}  // namespace
}  // namespace weft::provisioner
