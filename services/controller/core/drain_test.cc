#include "services/controller/core/drain.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::HasSubstr;
using testing::Id;
using testing::Scene;

class DrainTest : public ::testing::Test {
 protected:
  DrainTest() { scene_.group().settings.drain_lag = absl::Seconds(10); }

  void MonitorsSay(char letter, absl::Duration lag) {
    scene_.snapshot().reports[Id(letter)].lag = lag;
  }
  // The letters of who takes no reads, at a look a second later.
  std::string Next() {
    now_ += absl::Seconds(1);
    scene_.snapshot().drained.clear();
    RememberDrained(now_, &memory_, &scene_.snapshot());
    std::string letters;
    for (const auto& [server, behind] : scene_.snapshot().drained) letters += server.text()[0];
    return letters;
  }

  Scene scene_{"abc"};
  DrainMemory memory_;
  absl::Duration now_ = absl::Hours(1);
};

TEST_F(DrainTest, ASecondaryThatFallsBehindTakesNoReadsUntilItIsHalfAsFar) {
  MonitorsSay('b', absl::Seconds(10));
  EXPECT_EQ(Next(), "");
  MonitorsSay('b', absl::Seconds(11));
  EXPECT_EQ(Next(), "b");
  MonitorsSay('b', absl::Seconds(6));
  EXPECT_EQ(Next(), "b");
  MonitorsSay('b', absl::Seconds(5));
  EXPECT_EQ(Next(), "");
  MonitorsSay('b', absl::Seconds(6));
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, NothingIsDrainedUnasked) {
  MonitorsSay('b', absl::Hours(1));
  scene_.group().settings.drain_lag.reset();
  EXPECT_EQ(Next(), "");
  scene_.group().settings.drain_lag = absl::Seconds(10);
  EXPECT_EQ(Next(), "b");
  scene_.group().settings.drain_lag.reset();
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, OldDataAreBetterThanNone) {
  MonitorsSay('b', absl::Seconds(11));
  EXPECT_EQ(Next(), "b");
  MonitorsSay('c', absl::Seconds(12));
  EXPECT_EQ(Next(), "");
  MonitorsSay('c', absl::Seconds(1));
  EXPECT_EQ(Next(), "b");
  // One that does not answer serves nobody, either.
  scene_.Of('c').contact = Contact::kUnreachable;
  EXPECT_EQ(Next(), "");
  // Nor does one that is out of routing.
  scene_.Of('c').contact = Contact::kAnswered;
  scene_.Record('c').mode = ServerMode::kOffline;
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, OneThatDoesNotAnswerStaysWhatItWas) {
  scene_ = Scene("abcd");
  scene_.group().settings.drain_lag = absl::Seconds(10);
  MonitorsSay('b', absl::Seconds(11));
  EXPECT_EQ(Next(), "b");
  scene_.Of('b').contact = Contact::kUnreachable;
  scene_.Of('c').contact = Contact::kUnreachable;
  EXPECT_EQ(Next(), "b");
}

TEST_F(DrainTest, WithoutMonitorsItsOwnWordCounts) {
  scene_.Of('b').replication.lag = absl::Seconds(11);
  EXPECT_EQ(Next(), "b");
  // They know better.
  MonitorsSay('b', absl::Seconds(1));
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, OneThatDoesNotReplicateFallsBehind) {
  scene_.Of('b').replication.applier_running = false;
  scene_.Of('c').replication.receiver = ThreadState::kConnecting;
  for (int second = 0; second < 5; ++second) EXPECT_EQ(Next(), "");
  scene_.Of('c').replication.receiver = ThreadState::kOn;
  for (int second = 5; second <= 10; ++second) EXPECT_EQ(Next(), "");
  EXPECT_EQ(Next(), "b");
  // From anew.
  scene_.Of('c').replication.receiver = ThreadState::kConnecting;
  EXPECT_EQ(Next(), "b");
  scene_.Of('b').replication.applier_running = true;
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, ThePrimaryIsNotDrained) {
  MonitorsSay('a', absl::Hours(1));
  scene_.Of('a').replication.lag = absl::Hours(1);
  EXPECT_EQ(Next(), "");
}

TEST_F(DrainTest, ItIsSaid) {
  MonitorsSay('b', absl::Seconds(11));
  EXPECT_EQ(Next(), "b");
  for (const Finding& finding : Find(scene_)) {
    if (finding.code != "READS_DRAINED") continue;
    EXPECT_EQ(finding.server, Id('b'));
    EXPECT_THAT(finding.message, HasSubstr("11 s behind, more than drain_lag (10 s)"));
    EXPECT_THAT(finding.next_step, HasSubstr("less than 5.0 s"));
    return;
  }
  FAIL();
}

}  // namespace
}  // namespace weft::controller
