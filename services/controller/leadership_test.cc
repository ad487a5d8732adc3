#include "services/controller/leadership.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/base/manual_clock.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

// One candidate on its own way to the shared store; time is shared, steps are made by hand.
struct Candidate {
  Candidate(const std::string& name, std::shared_ptr<MemoryDatabase> database, ManualClock* clock)
      : store(std::move(database)), leadership(Options(name), &store, clock, Listener()) {}

  static Leadership::Options Options(const std::string& name) {
    Leadership::Options options;
    options.name = name;
    options.ttl = absl::Seconds(2);
    options.margin = absl::Milliseconds(400);
    options.period = absl::ZeroDuration();
    return options;
  }
  Leadership::Listener Listener() {
    return {
        .won =
            [this](const Lease& lease) { events.push_back("won " + std::to_string(lease.term)); },
        .may_act = [this] { events.push_back("may act"); },
        .lost = [this] { events.push_back("lost"); }};
  }

  std::vector<std::string> events;
  MemoryStore store;
  Leadership leadership;
};

class LeadershipTest : public ::testing::Test {
 protected:
  void Pass(absl::Duration time) { clock_.Advance(time); }

  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
  ManualClock clock_;
  Candidate a_{"a", database_, &clock_};
  Candidate b_{"b", database_, &clock_};
};

using Events = std::vector<std::string>;

TEST_F(LeadershipTest, TakesALeaseThatNobodyHoldsAtOnce) {
  EXPECT_FALSE(a_.leadership.MayAct());
  a_.leadership.Step();
  EXPECT_TRUE(a_.leadership.MayAct());
  EXPECT_EQ(a_.events, (Events{"won 1", "may act"}));
  EXPECT_EQ(a_.leadership.lease().holder, "a");
}

TEST_F(LeadershipTest, ActsOnlyUntilTheMarginBeforeTheTtl) {
  a_.leadership.Step();
  Pass(absl::Milliseconds(1599));
  EXPECT_TRUE(a_.leadership.MayAct());
  Pass(absl::Milliseconds(1));
  EXPECT_FALSE(a_.leadership.MayAct());
}

TEST_F(LeadershipTest, ARenewalCountsFromItsSending) {
  a_.leadership.Step();
  Pass(absl::Seconds(1));
  a_.leadership.Step();
  Pass(absl::Milliseconds(1599));
  EXPECT_TRUE(a_.leadership.MayAct());
  EXPECT_EQ(a_.leadership.term(), 1u);
}

TEST_F(LeadershipTest, AChallengerWaitsForTheTtlOnItsOwnClock) {
  a_.leadership.Step();
  b_.leadership.Step();
  Pass(absl::Milliseconds(1999));
  b_.leadership.Step();
  EXPECT_FALSE(b_.leadership.MayAct());
  Pass(absl::Milliseconds(1));
  b_.leadership.Step();
  EXPECT_TRUE(b_.leadership.MayAct());
  EXPECT_FALSE(a_.leadership.MayAct());
  EXPECT_EQ(b_.leadership.term(), 2u);
}

TEST_F(LeadershipTest, ARenewalMakesTheChallengerBeginAgain) {
  a_.leadership.Step();
  b_.leadership.Step();
  Pass(absl::Milliseconds(1500));
  a_.leadership.Step();
  Pass(absl::Milliseconds(600));
  b_.leadership.Step();
  EXPECT_FALSE(b_.leadership.MayAct());
  EXPECT_TRUE(a_.leadership.MayAct());
}

TEST_F(LeadershipTest, AnotherIsFollowedOnceItsLeaseWasSeenToBeRenewed) {
  a_.leadership.Step();
  b_.leadership.Step();
  b_.leadership.Step();
  // What is in the row may be the last word of one that has died.
  EXPECT_FALSE(b_.leadership.Follows());
  a_.leadership.Step();
  b_.leadership.Step();
  EXPECT_TRUE(b_.leadership.Follows());
  EXPECT_FALSE(a_.leadership.Follows());
  Pass(absl::Seconds(2));
  b_.leadership.Step();
  EXPECT_FALSE(b_.leadership.Follows());
}

TEST_F(LeadershipTest, TheDeposedOneLearnsWhoLeads) {
  a_.leadership.Step();
  b_.leadership.Step();
  Pass(absl::Seconds(2));
  b_.leadership.Step();
  a_.leadership.Step();
  EXPECT_EQ(a_.events.back(), "lost");
  const absl::Status status = a_.leadership.Check();
  EXPECT_EQ(ErrorReason(status), "NOT_LEADING");
  EXPECT_EQ(GetErrorDetail(status)->metadata.at("leader"), "b");
}

TEST_F(LeadershipTest, WhileTheStoreIsDownTheLeaseRunsOutAndComesBackWithTheStore) {
  a_.leadership.Step();
  a_.store.SetUnavailable(true);
  Pass(absl::Seconds(5));
  a_.leadership.Step();
  EXPECT_FALSE(a_.leadership.MayAct());
  EXPECT_FALSE(a_.leadership.StoreUp());
  EXPECT_EQ(ErrorReason(a_.leadership.Check()), "STORE_DOWN");
  a_.store.SetUnavailable(false);
  a_.leadership.Step();
  EXPECT_TRUE(a_.leadership.MayAct());
  // Nobody took it meanwhile: the term is the same.
  EXPECT_EQ(a_.leadership.term(), 1u);
  EXPECT_EQ(a_.events, (Events{"won 1", "may act", "may act"}));
}

TEST_F(LeadershipTest, OneThatCouldNotRenewInTimeDoesNotSendPeopleToItself) {
  a_.leadership.Step();
  Pass(absl::Seconds(5));
  const absl::Status status = a_.leadership.Check();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(ErrorReason(status), "LEASE_LAPSED");
  a_.leadership.Step();
  EXPECT_TRUE(a_.leadership.Check().ok());
}

TEST_F(LeadershipTest, AStoreThatIsReadAndTakesNoWritesIsNoUseEither) {
  a_.leadership.Step();
  a_.store.SetFaults([](absl::string_view, bool is_write) {
    return is_write ? StoreFault::kUnavailable : StoreFault::kNone;
  });
  Pass(absl::Seconds(5));
  a_.leadership.Step();
  EXPECT_EQ(ErrorReason(a_.leadership.Check()), "STORE_DOWN");
  EXPECT_FALSE(a_.leadership.StoreUp());
  a_.store.SetFaults({});
  a_.leadership.Step();
  EXPECT_TRUE(a_.leadership.Check().ok());
  EXPECT_TRUE(a_.leadership.StoreUp());
}

TEST_F(LeadershipTest, OneStartedAgainDoesNotSendPeopleToItself) {
  a_.leadership.Step();
  Candidate again("a", database_, &clock_);
  again.leadership.Step();
  const absl::Status status = again.leadership.Check();
  EXPECT_EQ(ErrorReason(status), "NOT_LEADING");
  EXPECT_FALSE(absl::StrContains(GetErrorDetail(status)->next_step, "ask controller"));
}

TEST_F(LeadershipTest, ThatTheStoreDoesNotAnswerIsSaidOnce) {
  a_.store.SetUnavailable(true);
  a_.leadership.Step();
  const std::string message(a_.leadership.Check().message());
  EXPECT_TRUE(absl::StartsWith(message, "the state store does not answer: ")) << message;
  EXPECT_EQ(message.find("does not answer"), message.rfind("does not answer")) << message;
}

TEST_F(LeadershipTest, ARenewalWhoseAnswerWasLostIsNoLoss) {
  a_.leadership.Step();
  a_.store.FailNextWrite(StoreFault::kAnswerLost);
  Pass(absl::Milliseconds(400));
  a_.leadership.Step();
  Pass(absl::Milliseconds(400));
  a_.leadership.Step();
  Pass(absl::Milliseconds(400));
  a_.leadership.Step();
  Pass(absl::Milliseconds(1500));
  EXPECT_TRUE(a_.leadership.MayAct());
  EXPECT_EQ(a_.leadership.term(), 1u);
}

TEST_F(LeadershipTest, ATakeOverWhoseAnswerWasLostIsMadeAgain) {
  a_.store.FailNextWrite(StoreFault::kAnswerLost);
  a_.leadership.Step();
  EXPECT_FALSE(a_.leadership.MayAct());
  a_.leadership.Step();
  EXPECT_TRUE(a_.leadership.MayAct());
}

TEST_F(LeadershipTest, AProcessStartedAgainUnderTheSameNameIsAnother) {
  a_.leadership.Step();
  Candidate again("a", database_, &clock_);
  again.leadership.Step();
  EXPECT_FALSE(again.leadership.MayAct());
  Pass(absl::Seconds(2));
  again.leadership.Step();
  EXPECT_TRUE(again.leadership.MayAct());
  EXPECT_FALSE(a_.leadership.MayAct());
}

TEST_F(LeadershipTest, OneThatStopsGivesTheLeaseUp) {
  a_.leadership.Step();
  a_.leadership.Stop();
  EXPECT_FALSE(a_.leadership.MayAct());
  b_.leadership.Step();
  EXPECT_TRUE(b_.leadership.MayAct());
}

TEST_F(LeadershipTest, AStoreThatIsNotSetUpSaysSo) {
  MemoryDatabase::Options options;
  options.set_up = false;
  Candidate c("c", std::make_shared<MemoryDatabase>(options), &clock_);
  c.leadership.Step();
  EXPECT_EQ(ErrorReason(c.leadership.Check()), "NO_SCHEMA");
  ASSERT_TRUE(c.store.SetUp().ok());
  c.leadership.Step();
  EXPECT_TRUE(c.leadership.Check().ok());
}

}  // namespace
}  // namespace weft::controller
