#include "services/controller/threat_requests.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/manual_clock.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

// Nobody looks at the group unless woken.
class ThreatRequestsTest : public ControllerFixture {
 protected:
  ThreatRequestsTest() {
    GroupWorker::Options worker = QuickWorker();
    worker.period = absl::InfiniteDuration();
    StartAnother("patient", worker);
    MakeGroup(2);
    Controller& controller = process_->controller();
    servers_of_ = std::make_unique<ServerRequests>(
        ServerRequests::Options(), ServerRequests::Ports{.reconciler = &controller.reconciler()});
    threats_of_ = std::make_unique<ThreatRequests>(
        ThreatRequests::Options{
            .interval = absl::Seconds(60), .errors = 4, .reporters = 2, .max_kept = 1},
        ThreatRequests::Ports{&controller.reconciler(), servers_of_.get(), &health_,
                              &process_->store(), &metrics_, &clock_});
    // One of two monitors has lost server 1.
    for (const bool lost : {true, false}) {
      HealthTable::Entry entry;
      entry.server = FakeFarm::UuidOf(1);
      entry.contact = lost ? Contact::kUnreachable : Contact::kAnswered;
      health_.Take(lost ? "m1" : "m2", "", {entry}, /*full_round=*/true);
    }
  }

  void ReportErrors(int count, const std::string& reporter, int server = 1) {
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(
          threats_of_->ReportError({FakeFarm::UuidOf(server).text(), reporter, "2013", ""}).ok());
    }
  }
  double Counted(const std::string& kind, const std::string& looked) {
    return metrics_.GetCounter("threat_reports_total", "", {{"kind", kind}, {"looked", looked}})
        .Value();
  }
  // Who reports on the server, and how many of them have lost it.
  std::pair<int, int> Votes(int server = 1) {
    const ::weft::controller::Report report =
        health_.Reports({FakeFarm::UuidOf(server)})[FakeFarm::UuidOf(server)];
    return {report.observers, report.unreachable};
  }
  uint64_t Looks() { return process_->controller().reconciler().StandingOf("g")->begun; }

  rpc::Metrics metrics_;
  ManualClock clock_;
  HealthTable health_{HealthTable::Options(), &clock_};
  std::unique_ptr<ServerRequests> servers_of_;
  std::unique_ptr<ThreatRequests> threats_of_;
};

TEST_F(ThreatRequestsTest, EnoughErrorsOfEnoughReportersMakeWeftLookAtOnce) {
  const uint64_t before = Looks();
  ReportErrors(3, "a");
  EXPECT_EQ(Counted("error", "yes"), 0);
  EXPECT_EQ(Looks(), before);
  EXPECT_EQ(Votes(), (std::pair{2, 1}));
  ReportErrors(1, "b");
  EXPECT_EQ(Votes(), (std::pair{3, 2}));
  EXPECT_EQ(Counted("error", "no"), 3);
  EXPECT_EQ(Counted("error", "yes"), 1);
  Await("a look", [&] { return Looks() > before; });
  // It is all that they do: the server lives.
  EXPECT_TRUE(IsPrimary("g", 1));
}

TEST_F(ThreatRequestsTest, AReportThatComesAgainIsNotCountedAgain) {
  const std::string server = FakeFarm::UuidOf(1).text();
  // Copies, one of them late, behind another report.
  for (const char* id : {"r1", "r1", "r2", "r1", "r2"}) {
    EXPECT_TRUE(threats_of_->ReportError({server, "a", "2013", "", id}).ok());
  }
  EXPECT_EQ(Counted("error", "no"), 2);
  for (const char* id : {"r3", "r4", "r3"}) {
    EXPECT_TRUE(threats_of_->ReportError({server, "b", "2013", "", id}).ok());
  }
  EXPECT_EQ(Counted("error", "yes"), 1);
  clock_.Advance(absl::Seconds(61));
  EXPECT_TRUE(threats_of_->ReportError({server, "a", "2013", "", "r1"}).ok());
  EXPECT_EQ(Counted("error", "no"), 4);
  EXPECT_TRUE(threats_of_->ReportFailure({server, "a", "2013", "", "f1"}).ok());
  EXPECT_TRUE(threats_of_->ReportFailure({server, "a", "2013", "", "f1"}).ok());
  EXPECT_EQ(Counted("failure", "yes"), 1);
}

TEST_F(ThreatRequestsTest, ClientsAreOneVoteForAWhileAndNoneWithoutMonitors) {
  ReportErrors(3, "a");
  ReportErrors(9, "b");
  EXPECT_EQ(Votes(), (std::pair{3, 2}));
  clock_.Advance(absl::Milliseconds(5001));
  // The monitors are silent by now, too; one of them speaks again.
  EXPECT_EQ(Votes(), (std::pair{0, 0}));
  ReportErrors(1, "a");
  EXPECT_EQ(Votes(), (std::pair{0, 0}));
  HealthTable::Entry entry;
  entry.server = FakeFarm::UuidOf(1);
  entry.contact = Contact::kAnswered;
  health_.Take("m2", "", {entry}, /*full_round=*/true);
  // No majority of two: the word of clients makes no death.
  EXPECT_EQ(Votes(), (std::pair{2, 1}));
}

TEST_F(ThreatRequestsTest, AClaimOfDeathIsAVote) {
  EXPECT_TRUE(threats_of_->ReportFailure({FakeFarm::UuidOf(1).text(), "app", "2013", ""}).ok());
  EXPECT_EQ(Votes(), (std::pair{3, 2}));
}

TEST_F(ThreatRequestsTest, OneReporterAloneIsNotEnough) {
  ReportErrors(20, "a");
  EXPECT_EQ(Votes(), (std::pair{2, 1}));
  EXPECT_EQ(Counted("error", "yes"), 0);
}

TEST_F(ThreatRequestsTest, ErrorsCountForAnIntervalOnly) {
  ReportErrors(3, "a");
  clock_.Advance(absl::Seconds(61));
  ReportErrors(1, "b");
  EXPECT_EQ(Counted("error", "yes"), 0);
  ReportErrors(2, "a");
  EXPECT_EQ(Counted("error", "yes"), 0);
  clock_.Advance(absl::Seconds(59));
  ReportErrors(1, "a");
  EXPECT_EQ(Counted("error", "yes"), 1);
}

TEST_F(ThreatRequestsTest, EachServerHasItsOwnErrors) {
  ReportErrors(3, "a", 1);
  ReportErrors(3, "b", 2);
  EXPECT_EQ(Counted("error", "yes"), 0);
}

TEST_F(ThreatRequestsTest, AClaimOfDeathIsLookedAtWhateverTheThresholds) {
  const uint64_t before = Looks();
  const auto failover = threats_of_->ReportFailure({FakeFarm::UuidOf(1).text(), "a", "2013", ""});
  ASSERT_TRUE(failover.ok()) << failover.status();
  EXPECT_FALSE(failover->has_value());
  EXPECT_GT(Looks(), before);
  EXPECT_EQ(Counted("failure", "yes"), 1);
  EXPECT_TRUE(IsPrimary("g", 1));
}

}  // namespace
}  // namespace weft::controller
