#include "services/provisioner/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>

#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/inventory_errors.h"
#include "services/provisioner/ports/memory_inventory.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);

bool Eventually(const std::function<bool()>& condition) {
  const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
  while (!condition()) {
    if (deadline.Passed()) return false;
    RealClock::Get()->Sleep(absl::Milliseconds(2));
  }
  return true;
}

class JobsTest : public ::testing::Test {
 protected:
  // One provisioner, whose jobs of the kind "work" do `work`.
  std::unique_ptr<JobRunner> Provisioner(JobRunner::Work work) {
    auto runner = std::make_unique<JobRunner>(JobRunner::Options{.name = "p",
                                                                 .ttl = absl::Milliseconds(300),
                                                                 .period = absl::Milliseconds(20),
                                                                 .max_running = 2},
                                              &inventory_, RealClock::Get());
    runner->Handle("conduct", work, JobRunner::Part::kConducts);
    runner->Handle("work", std::move(work));
    runner->Start();
    return runner;
  }

  static JobRequest Wish(const std::string& request_id = "") {
    return {.kind = "work",
            .group = "g",
            .request_id = request_id,
            .user = "jane",
            .request = R"({"what":"this"})"};
  }

  Job Now(const std::string& id) { return *inventory_.GetJob(id); }

  MemoryInventory inventory_;
};

// Runs until it is told to end.
JobRunner::Work UntilCancelled(std::atomic<int>* begun) {
  return [begun](RunningJob& job) -> absl::StatusOr<std::string> {
    ++*begun;
    while (!job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(2));
    return absl::CancelledError("asked to end");
  };
}

TEST_F(JobsTest, RecordsWhatItsWorkMade) {
  const auto runner = Provisioner([](RunningJob& job) -> absl::StatusOr<std::string> {
    EXPECT_EQ(job.request(), R"({"what":"this"})");
    EXPECT_FALSE(job.resumed());
    return R"({"made":1})";
  });
  const auto job = runner->RunToEnd(Wish(), Deadline::After(RealClock::Get(), kPatience));
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state, JobState::kSucceeded);
  EXPECT_EQ(job->result, R"({"made":1})");
  EXPECT_EQ(job->progress, 1);
  EXPECT_EQ(job->user, "jane");
  EXPECT_TRUE(inventory_.ListJobs()->empty());
}

TEST_F(JobsTest, ShowsFiguresForItsResultUntilItEnds) {
  std::atomic<bool> goes_on = true;
  const auto runner = Provisioner([&](RunningJob& job) -> absl::StatusOr<std::string> {
    job.ShowFigures(R"({"bytes_done":1})");
    while (goes_on && !job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(2));
    return absl::InternalError("it fails");
  });
  const auto job = runner->Run(Wish());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(Eventually([&] { return Now(job->id).result == R"({"bytes_done":1})"; }));
  EXPECT_FALSE(Now(job->id).done());
  goes_on = false;
  EXPECT_TRUE(Eventually([&] { return Now(job->id).done(); }));
  EXPECT_EQ(Now(job->id).result, "");
}

TEST_F(JobsTest, RecordsWhyItsWorkFailed) {
  const auto runner = Provisioner([](RunningJob&) -> absl::StatusOr<std::string> {
    return Refusal(absl::StatusCode::kResourceExhausted, "PROVIDER_QUOTA", "no room", "room",
                   "none", "ask for more");
  });
  const auto job = runner->RunToEnd(Wish(), Deadline::After(RealClock::Get(), kPatience));
  EXPECT_EQ(ErrorReason(job.status()), "PROVIDER_QUOTA");
  EXPECT_THAT(job.status().message(), HasSubstr("ask for more"));
}

TEST_F(JobsTest, ShowsProgressWhileItRuns) {
  std::atomic<bool> end = false;
  const auto runner = Provisioner([&](RunningJob& job) -> absl::StatusOr<std::string> {
    job.Report(0.5, "half-way");
    job.Report(0.4, "half-way");  // it never falls
    while (!end && !job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(2));
    return "";
  });
  const auto job = runner->Run(Wish());
  ASSERT_TRUE(job.ok());
  EXPECT_TRUE(Eventually([&] { return Now(job->id).phase == "half-way"; }));
  EXPECT_EQ(Now(job->id).progress, 0.5);
  end = true;
  EXPECT_TRUE(Eventually([&] { return Now(job->id).done(); }));
}

TEST_F(JobsTest, EndsWhenItsEndIsAskedFor) {
  std::atomic<int> begun = 0;
  const auto runner = Provisioner(UntilCancelled(&begun));
  const auto job = runner->Run(Wish());
  ASSERT_TRUE(job.ok());
  inventory_.RequestCancel(job->id);
  EXPECT_TRUE(Eventually([&] { return Now(job->id).state == JobState::kCancelled; }));
}

TEST_F(JobsTest, DoesARepeatedRequestOnce) {
  std::atomic<int> begun = 0;
  const auto runner = Provisioner(UntilCancelled(&begun));
  const auto first = runner->Run(Wish("once"));
  const auto second = runner->Run(Wish("once"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->id, second->id);
  JobRequest other = Wish("once");
  other.request = R"({"what":"that"})";
  EXPECT_EQ(ErrorReason(runner->Run(other).status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(Eventually([&] { return begun == 1; }));
}

TEST_F(JobsTest, RefusesMoreThanItCanRun) {
  std::atomic<int> begun = 0;
  const auto runner = Provisioner(UntilCancelled(&begun));
  ASSERT_TRUE(runner->Run(Wish()).ok());
  ASSERT_TRUE(runner->Run(Wish()).ok());
  EXPECT_EQ(ErrorReason(runner->Run(Wish()).status()), "TOO_MANY_OPERATIONS");
}

TEST_F(JobsTest, KeepsRoomForTheJobsThatOthersWaitFor) {
  std::atomic<int> begun = 0;
  const auto runner = Provisioner(UntilCancelled(&begun));
  JobRequest conducts = Wish();
  conducts.kind = "conduct";
  ASSERT_TRUE(runner->Run(conducts).ok());
  ASSERT_TRUE(runner->Run(conducts).ok());
  EXPECT_EQ(ErrorReason(runner->Run(conducts).status()), "TOO_MANY_OPERATIONS");
  EXPECT_TRUE(runner->Run(Wish()).ok());
  EXPECT_TRUE(runner->Run(Wish()).ok());
}

TEST_F(JobsTest, TakesOverTheJobsThatOthersWaitForWhileItConductsAllItMay) {
  std::atomic<int> begun = 0;
  auto first = Provisioner(UntilCancelled(&begun));
  const auto work = first->Run(Wish());
  ASSERT_TRUE(work.ok());
  const auto runner = Provisioner(UntilCancelled(&begun));
  JobRequest conducts = Wish();
  conducts.kind = "conduct";
  ASSERT_TRUE(runner->Run(conducts).ok());
  ASSERT_TRUE(runner->Run(conducts).ok());
  ASSERT_TRUE(Eventually([&] { return begun == 3; }));
  first->Stop();
  EXPECT_TRUE(Eventually([&] { return begun == 4; }));
}

TEST_F(JobsTest, LeavesWhatItsEndCutsOffToBeResumedAtOnce) {
  std::atomic<int> begun = 0;
  auto runner = Provisioner(UntilCancelled(&begun));
  const auto job = runner->Run(Wish());
  ASSERT_TRUE(Eventually([&] { return begun == 1; }));
  runner->Stop();
  EXPECT_EQ(Now(job->id).state, JobState::kRunning);
  EXPECT_EQ(Now(job->id).holder, "");
  const auto next = Provisioner([](RunningJob& resumed) -> absl::StatusOr<std::string> {
    EXPECT_TRUE(resumed.resumed());
    return "";
  });
  EXPECT_TRUE(Eventually([&] { return Now(job->id).state == JobState::kSucceeded; }));
}

TEST_F(JobsTest, ResumesWhatADeadProvisionerLeftFromItsNotes) {
  // Nobody renews it.
  Job left;
  left.id = "left";
  left.kind = "work";
  left.request_id = "r";
  left.holder = "dead/1";
  left.notes = "half";
  ASSERT_TRUE(inventory_.BeginJob(left).ok());
  const auto runner = Provisioner([](RunningJob& job) -> absl::StatusOr<std::string> {
    EXPECT_TRUE(job.resumed());
    EXPECT_EQ(job.notes(), "half");
    return "";
  });
  EXPECT_TRUE(Eventually([&] { return Now("left").state == JobState::kSucceeded; }));
}

TEST_F(JobsTest, LeavesAloneWhatAnotherRenews) {
  std::atomic<int> begun = 0;
  const auto one = Provisioner(UntilCancelled(&begun));
  const auto two = Provisioner(UntilCancelled(&begun));
  const auto job = one->Run(Wish());
  const std::string holder = Now(job->id).holder;
  const uint64_t renewal = Now(job->id).renewal;
  // Well beyond the ttl.
  EXPECT_TRUE(Eventually([&] { return Now(job->id).renewal > renewal + 50; }));
  EXPECT_EQ(Now(job->id).holder, holder);
  EXPECT_EQ(begun, 1);
}

TEST_F(JobsTest, KeepsItsHandsOffAJobThatAnotherTook) {
  std::atomic<bool> lost = false;
  std::atomic<bool> refused = false;
  const auto runner = Provisioner([&](RunningJob& job) -> absl::StatusOr<std::string> {
    while (!job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(2));
    lost = job.lost();
    refused = ErrorReason(job.Keep("more")) == "CLAIM_MOVED";
    return absl::CancelledError("lost");
  });
  const auto job = runner->Run(Wish());
  // It is renewed meanwhile.
  ASSERT_TRUE(Eventually([&] { return inventory_.TakeJob(Now(job->id), "other/1").ok(); }));
  EXPECT_TRUE(Eventually([&] { return lost.load(); }));
  EXPECT_TRUE(Eventually([&] { return refused.load(); }));
  EXPECT_EQ(Now(job->id).state, JobState::kRunning);
}

TEST_F(JobsTest, KeepsNotesOnceAStoreThatWasAwayIsBack) {
  std::atomic<bool> keeping = false;
  const auto runner = Provisioner([&](RunningJob& job) -> absl::StatusOr<std::string> {
    inventory_.Fail(Refusal(absl::StatusCode::kUnavailable, kStoreHasNoPrimaryReason, "election"));
    keeping = true;
    WEFT_RETURN_IF_ERROR(job.Keep("half"));
    return "";
  });
  const auto job = runner->Run(Wish());
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(Eventually([&] { return keeping.load(); }));
  inventory_.Fail(absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return Now(job->id).state == JobState::kSucceeded; }));
}

TEST_F(JobsTest, StopsActingWhileItCannotRenewItsClaimAndGoesOnAfterwards) {
  std::atomic<int> begun = 0;
  std::atomic<int> lost = 0;
  const auto runner = Provisioner([&](RunningJob& job) -> absl::StatusOr<std::string> {
    ++begun;
    while (!job.cancelled()) RealClock::Get()->Sleep(absl::Milliseconds(2));
    if (job.lost()) ++lost;
    return absl::CancelledError("lost");
  });
  ASSERT_TRUE(runner->Run(Wish()).ok());
  ASSERT_TRUE(Eventually([&] { return begun == 1; }));
  inventory_.Fail(absl::UnavailableError("the store is down"));
  EXPECT_TRUE(Eventually([&] { return lost == 1; }));
  inventory_.Fail(absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return begun == 2; }));
}

}  // namespace
}  // namespace weft::provisioner
