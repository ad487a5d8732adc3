#include "services/provisioner/copies/copy_requests.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/provisioner/ports/inventory_errors.h"
#include "services/provisioner/ports/memory_inventory.h"

namespace weft::provisioner {
namespace {

constexpr char kTarget[] = "db4:3306";
constexpr absl::Duration kPatience = absl::Seconds(20);

// Who is asked for members knows that a copy went past its first check.
class FakeGroups : public GroupDirectory {
 public:
  absl::StatusOr<std::vector<MemberView>> MembersOf(const std::string& group) override {
    ++asked;
    return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", absl::StrCat("no group ", group));
  }
  absl::StatusOr<std::vector<Membership>> AllMembers() override {
    return std::vector<Membership>();
  }
  absl::StatusOr<Membership> FindMember(const std::vector<HostPort>&, const ServerUuid&) override {
    return Membership{};
  }

  std::atomic<int> asked = 0;
};

// Does not answer so many times who is at work.
class ForgetfulInventory : public MemoryInventory {
 public:
  absl::StatusOr<std::vector<Job>> ListJobs() override {
    if (away-- > 0) {
      return Refusal(absl::StatusCode::kUnavailable, kStoreUnavailableReason, "it is away");
    }
    return MemoryInventory::ListJobs();
  }

  std::atomic<int> away = 0;
};

class CopyRequestsTest : public ::testing::Test {
 protected:
  static std::string Onto(const std::string& target) {
    return absl::StrCat(R"({"target":")", target, R"("})");
  }
  // A copy that another provisioner has recorded and makes.
  void RecordAnothers(const std::string& target, const std::string& kind = "clone") {
    Job job;
    job.id = "of-another";
    job.kind = kind;
    job.request_id = "asked-of-another";
    job.holder = "another";
    job.request = Onto(target);
    ASSERT_TRUE(inventory_.BeginJob(job).ok());
  }
  // What becomes of a copy that passed all checks before it was recorded.
  absl::Status Run(const std::string& target) {
    JobRequest request;
    request.kind = "clone";
    request.group = "g1";
    request.request = Onto(target);
    return runner_.RunToEnd(request, Deadline::After(RealClock::Get(), kPatience)).status();
  }

  ForgetfulInventory inventory_;
  FakeGroups groups_;
  const FarmAccess access_{AccessOptions{}};
  // Not started: it takes no job of another over.
  JobRunner runner_{{.name = "p", .ttl = absl::Minutes(5)}, &inventory_, RealClock::Get()};
  CopyRequests requests_{{}, &access_, &groups_, &inventory_, &runner_, RealClock::Get()};
};

TEST_F(CopyRequestsTest, OfTwoCopiesOntoOneTargetTheFirstRecordedGoesOn) {
  RecordAnothers(kTarget);
  const absl::Status refused = Run(kTarget);
  EXPECT_EQ(ErrorReason(refused), "CLONE_UNDER_WAY") << refused;
  EXPECT_TRUE(absl::StrContains(DescribeError(refused), "of-another")) << refused;
  EXPECT_EQ(groups_.asked, 0);
}

TEST_F(CopyRequestsTest, ACopyUnderWayIsNamedBeforeItsTargetIsLookedAt) {
  RecordAnothers(kTarget);
  CopyAsked asked;
  asked.group = "g1";
  asked.target = kTarget;
  const absl::Status refused = requests_.Clone(asked).status();
  EXPECT_EQ(ErrorReason(refused), "CLONE_UNDER_WAY") << refused;
  EXPECT_EQ(groups_.asked, 0);
}

TEST_F(CopyRequestsTest, TakesNoRequestIdForAnotherCopy) {
  Job job;
  job.id = "first";
  job.kind = "clone";
  job.group = "g1";
  job.request_id = "once";
  job.holder = "another";
  job.request =
      R"({"bytes_per_second":0,"method":"auto","source":"","surrender":false,"target":"db4:3306"})";
  ASSERT_TRUE(inventory_.BeginJob(job).ok());
  CopyAsked asked;
  asked.group = "g1";
  asked.target = kTarget;
  asked.request_id = "once";
  const auto reason = [&](const std::string& target) {
    asked.target = target;
    return ErrorReason(requests_.Clone(asked).status());
  };
  EXPECT_EQ(requests_.Clone(asked)->job.id, "first");
  EXPECT_EQ(reason("db5:3306"), "REQUEST_ID_REUSED");
  asked.group = "g2";
  EXPECT_EQ(reason(kTarget), "REQUEST_ID_REUSED");
  asked.group = "g1";
  // Of one that has ended only its result is left.
  job.state = JobState::kSucceeded;
  job.result = R"({"target":"db4:3306"})";
  ASSERT_TRUE(inventory_.ReportJob(job).ok());
  EXPECT_EQ(reason("db5:3306"), "REQUEST_ID_REUSED");
  EXPECT_EQ(reason(kTarget), "");
}

TEST_F(CopyRequestsTest, CopiesOntoOtherTargetsAreNoHindrance) {
  RecordAnothers("db5:3306");
  EXPECT_EQ(ErrorReason(Run(kTarget)), "UNKNOWN_GROUP");
  EXPECT_EQ(groups_.asked, 1);
}

TEST_F(CopyRequestsTest, AJobOfAnotherKindIsNoCopyWhateverItNames) {
  RecordAnothers(kTarget, "create-machines");
  EXPECT_EQ(ErrorReason(Run(kTarget)), "UNKNOWN_GROUP");
}

TEST_F(CopyRequestsTest, AStoreThatIsAwayForAMomentIsAskedAgainBeforeTheTargetIsTaken) {
  RecordAnothers(kTarget);
  inventory_.away = 1;
  EXPECT_EQ(ErrorReason(Run(kTarget)), "CLONE_UNDER_WAY");
  EXPECT_EQ(inventory_.away, -1);
}

}  // namespace
}  // namespace weft::provisioner
