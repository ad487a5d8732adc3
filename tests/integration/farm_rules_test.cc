// What only real servers can show of the farm: terms and orphaned statements (rule 10), servers
// that are full, hung or refuse the log-in (rule 7), fences, and what a crash leaves (rule 9).
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/farm.h"
#include "tests/integration/farm_rules_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

using FarmRulesTest = RealFarmTest;

// --- rule 5

// As after a restart, with semi-sync in its my.cnf, between arming and opening.
TEST_F(FarmRulesTest, AServerWhoseCommitsWouldFallBackIsNotOpened) {
  Start(1);
  for (const absl::string_view fall_back : test_sql::kFallBacks) {
    ASSERT_EQ(Do(ArmSource{uuid(0), 1}), absl::OkStatus());
    Root(0, fall_back);
    const absl::Status opened = Do(Unfence{uuid(0), 1});
    EXPECT_EQ(ErrorReason(opened), "NOT_ARMED") << fall_back << ": " << opened;
    EXPECT_TRUE(See(0).read_only);
  }
  ASSERT_EQ(Do(ArmSource{uuid(0), 1}), absl::OkStatus());
  EXPECT_EQ(Do(Unfence{uuid(0), 1}), absl::OkStatus());
}

// --- rule 10

TEST_F(FarmRulesTest, TheSessionsOfAnEarlierTermAreGoneBeforeTheFirstAnswer) {
  Start(1);
  const auto older = ManageSession(0);
  ASSERT_NE(older, nullptr);
  ASSERT_EQ(older->Ping(), absl::OkStatus());
  farm().SetTerm(2, nullptr);
  EXPECT_TRUE(See(0).reached());
  EXPECT_FALSE(older->Ping().ok());
  // And a term that goes on kills nobody who came later.
  const auto later = ManageSession(0);
  EXPECT_TRUE(See(0).reached());
  EXPECT_EQ(later->Ping(), absl::OkStatus());
}

TEST_F(FarmRulesTest, ALookDoesNotLeadAndAStepInTermZeroIsRefused) {
  Start(1);
  const auto follower = AnotherFarm(0);
  const auto other = ManageSession(0);
  EXPECT_TRUE(See(*follower, 0).reached());
  EXPECT_EQ(other->Ping(), absl::OkStatus());
  const absl::Status refused = follower->Apply(group_, Unfence{uuid(0)}, absl::Seconds(5));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(refused), "NOT_LEADING");
}

TEST_F(FarmRulesTest, ALeaderWhoseLeaseHasLapsedChangesNothing) {
  Start(1);
  farm().SetTerm(1, [] { return false; });
  EXPECT_EQ(Do(Unfence{uuid(0)}).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Root(0, test_sql::kReadOnly), "1");
}

TEST_F(FarmRulesTest, TellsForHowLongAServerHasBeenSilent) {
  Start(1);
  EXPECT_EQ(See(0).silent_for, absl::ZeroDuration());
  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(See(0).refused);
  real_->Wait(absl::Milliseconds(200));
  EXPECT_GE(See(0).silent_for, absl::Milliseconds(200));
  ASSERT_EQ(real_->Start(uuid(0)), absl::OkStatus());
  EXPECT_EQ(Until(0, [](const Observation& seen) { return seen.reached(); }).silent_for,
            absl::ZeroDuration());
}

TEST_F(FarmRulesTest, ALookThatIsLateKeepsItsSession) {
  Start(1);
  ASSERT_TRUE(See(0).reached());
  ASSERT_TRUE(See(0).reached());  // the session to act with is opened before the second look
  const int before = std::stoi(Root(0, test_sql::kConnections));
  ASSERT_EQ(real_->Pause(uuid(0)), absl::OkStatus());
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(farm().Probe(group_, absl::Milliseconds(150))[uuid(0)].reached());
  }
  ASSERT_EQ(real_->Resume(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(Until(0, [](const Observation& seen) { return seen.reached(); }).reached());
  // The one that counts them.
  EXPECT_EQ(std::stoi(Root(0, test_sql::kConnections)), before + 1);
}

// --- rule 4

TEST_F(FarmRulesTest, AChannelOfSomebodyElseIsNeitherStoppedNorForgotten) {
  Start(2);
  // Without its plugin nobody could agree with it to acknowledge.
  ASSERT_EQ(Do(ArmSource{uuid(0), 1}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  Root(1, test_sql::kMakeTheirChannel);
  ASSERT_EQ(Root(1, test_sql::kTheirChannel), "CONNECTING");
  const std::vector<Step> steps = {FollowStep(1, 0, /*acknowledge=*/true),  StopReceiver{uuid(1)},
                                   FollowStep(1, 0, /*acknowledge=*/false), StopReplica{uuid(1)},
                                   FollowStep(1, 0, /*acknowledge=*/true),  Detach{uuid(1)}};
  for (const Step& step : steps) {
    EXPECT_EQ(Do(step), absl::OkStatus()) << ToString(step);
    EXPECT_EQ(Root(1, test_sql::kTheirChannel), "CONNECTING") << ToString(step);
  }
  EXPECT_FALSE(See(1).replication.configured);
}

// --- rule 7

TEST_F(FarmRulesTest, AWrongPasswordIsARejectionAndNotDeath) {
  Start(1);
  const std::string right = real_->ManagePassword();
  real_->SetManagePassword("not-the-password");
  const auto farm = AnotherFarm(1);
  const Observation seen = See(*farm, 0);
  EXPECT_EQ(seen.contact, Contact::kRejected);
  EXPECT_FALSE(seen.refused);
  EXPECT_FALSE(absl::StrContains(seen.error, "not-the-password")) << seen.error;
  const auto admission = farm->Admit(group_, group_.servers[0].address, absl::Seconds(5));
  EXPECT_EQ(admission.status().code(), absl::StatusCode::kUnauthenticated);
  // The file was put right.
  real_->SetManagePassword(right);
  EXPECT_TRUE(See(*farm, 0).reached());
}

TEST_F(FarmRulesTest, AFullServerIsStillLookedAtAndActedOn) {
  Start({.servers = 1, .version = "9.7", .extra_cnf = {"max_connections=4"}});
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  real_->farm().Forget(group_.servers[0].address);
  std::vector<std::unique_ptr<mysql::Session>> crowd;
  absl::Status last;
  for (int i = 0; i < 50 && last.ok(); ++i) {
    auto one = real_->ConnectApp(0);
    last = one.status();
    if (one.ok()) crowd.push_back(*std::move(one));
  }
  ASSERT_EQ(mysql::MysqlErrorCode(last), mysql::kErrTooManyConnections) << last;
  const auto farm = AnotherFarm(2);  // no session is open yet
  EXPECT_TRUE(See(*farm, 0).reached()) << See(*farm, 0).error;
  EXPECT_EQ(farm->Apply(group_, Fence{uuid(0), true}, absl::Seconds(5)), absl::OkStatus());
  for (const auto& one : crowd) EXPECT_FALSE(one->Ping().ok());
}

TEST_F(FarmRulesTest, AnotherServerAtTheAddressIsNeitherLookedAtNorActedOn) {
  Start(1);
  group_.servers[0].uuid = *ServerUuid::Parse("00000000-0000-0000-0000-00000000beef");
  const Observation seen = See(0);
  EXPECT_EQ(seen.contact, Contact::kRejected);
  EXPECT_TRUE(absl::StrContains(seen.error, "another server")) << seen.error;
  EXPECT_EQ(ErrorReason(Do(Unfence{uuid(0)})), "WRONG_SERVER");
}

// --- fencing

TEST_F(FarmRulesTest, AFenceEndsClientsAndLongStatementsAndSparesReplication) {
  Start(2);
  ASSERT_EQ(Do(Detach{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  Until(0, [](const Observation& seen) { return seen.streaming_to.size() == 1; });
  const std::string dump = Root(0, test_sql::kDumpThread);
  auto holder = real_->ConnectApp(0);
  auto idle = real_->ConnectApp(0);
  ASSERT_TRUE(holder.ok() && idle.ok());
  // Holds the fence up until it is killed.
  ASSERT_EQ((*holder)->Execute(test_sql::kLockLedger), absl::OkStatus());
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  ASSERT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Milliseconds(900));
  EXPECT_FALSE((*holder)->Ping().ok());
  EXPECT_FALSE((*idle)->Ping().ok());
  EXPECT_EQ(Root(0, test_sql::kDumpThread), dump);
  EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(5)).code(), absl::StatusCode::kFailedPrecondition);
}

// What its source sent of it is the beginning of a transaction; the server's own STOP REPLICA would
// wait a minute for the rest.
TEST_F(FarmRulesTest, AnApplierWhoseSourceDiedInTheMiddleOfATransactionIsStoppedAtOnce) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, /*acknowledge=*/false)), absl::OkStatus());
  Root(0, test_sql::kMakeBig);
  const auto session = ManageSession(1);
  ASSERT_NE(session, nullptr);
  const auto comes_true = [&](absl::string_view sql) {
    const Deadline end = Deadline::After(RealClock::Get(), absl::Seconds(30));
    while (!end.Passed()) {
      const auto rows = session->Query(sql);
      if (rows.ok() && !rows->empty() && rows->front().BoolOr("holds", false)) return true;
    }
    return false;
  };
  std::thread writer([&] { real_->servers().Sql(0, test_sql::kFillBig).IgnoreError(); });
  EXPECT_TRUE(comes_true(test_sql::kQueueing));
  EXPECT_EQ(real_->servers().Kill(0), absl::OkStatus());
  writer.join();
  ASSERT_EQ(Do(StopReceiver{uuid(1)}), absl::OkStatus());
  ASSERT_TRUE(comes_true(test_sql::kAppliesUnfinished));

  EXPECT_EQ(Do(StopReplica{uuid(1)}), absl::OkStatus());
  EXPECT_TRUE(comes_true(test_sql::kHoldsNoLocks));  // rolled back
  EXPECT_EQ(Do(Detach{uuid(1)}), absl::OkStatus());
  EXPECT_EQ(Do(Unfence{uuid(1)}), absl::OkStatus());
}

// Its replicas would look for their place from its beginning.
TEST_F(FarmRulesTest, ALargeLogIsRotatedAndASmallOneStays) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    Start({.servers = 1, .version = version});
    const auto logs = [&] {
      const std::string list = Root(0, test_sql::kLogs);
      return std::count(list.begin(), list.end(), '\n') + 1;
    };
    ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
    const auto before = logs();
    ASSERT_EQ(Do(RotateLog{uuid(0)}), absl::OkStatus());
    EXPECT_EQ(logs(), before);
    Root(0, test_sql::kWriteTwoMegabytes);
    ASSERT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
    const GtidSet executed = See(0).executed;
    ASSERT_EQ(Do(RotateLog{uuid(0)}), absl::OkStatus());
    EXPECT_EQ(logs(), before + 1);
    ASSERT_EQ(Do(RotateLog{uuid(0)}), absl::OkStatus());
    EXPECT_EQ(logs(), before + 1);
    EXPECT_EQ(See(0).executed, executed);  // it is in no replica's way
  }
}

TEST_F(FarmRulesTest, ALogThatMayNotBeRotatedHoldsNothingUp) {
  Start(1);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  Root(0, test_sql::kWriteTwoMegabytes);
  Root(0, test_sql::kRevokeReload);
  const std::string before = Root(0, test_sql::kLogs);
  const auto next = AnotherFarm(2);  // whose session has the rights of now
  EXPECT_EQ(next->Apply(group_, RotateLog{uuid(0)}, absl::Seconds(5)), absl::OkStatus());
  EXPECT_EQ(Root(0, test_sql::kLogs), before);
}

TEST_F(FarmRulesTest, AServerThatWasMadeWritableComesBackReadOnlyFromACrash) {
  // Its own settings would let it start writable.
  Start({.servers = 1, .version = "9.7", .role = InstanceRole::kStandalone});
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  ASSERT_EQ(real_->Start(uuid(0)), absl::OkStatus());
  const Observation back = Until(0, [](const Observation& seen) { return seen.reached(); });
  EXPECT_TRUE(back.super_read_only);
}

// It was open before Weft came, and its own settings would let it start writable again.
TEST_F(FarmRulesTest, AServerThatWasOpenIsSeenToStartWritableUntilItIsTold) {
  Start({.servers = 1, .version = "9.7", .role = InstanceRole::kStandalone});
  const Observation found = See(0);
  EXPECT_TRUE(found.may_start_writable);
  EXPECT_EQ(found.no_closed_start_because, "");
  ASSERT_EQ(Do(CloseAtStart{uuid(0)}), absl::OkStatus());
  const Observation told = See(0);
  EXPECT_FALSE(told.may_start_writable);
  EXPECT_FALSE(told.read_only);  // nothing has changed for its clients
  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  ASSERT_EQ(real_->Start(uuid(0)), absl::OkStatus());
  const Observation back = Until(0, [](const Observation& seen) { return seen.reached(); });
  EXPECT_TRUE(back.super_read_only);
  EXPECT_FALSE(back.may_start_writable);
}

TEST_F(FarmRulesTest, TellsWhyAServerCannotBeToldToStartReadOnly) {
  Start({.servers = 1, .version = "9.7", .role = InstanceRole::kStandalone});
  Root(0, test_sql::kMayNotPersist);
  EXPECT_EQ(See(*AnotherFarm(2), 0).no_closed_start_because,
            "the manage account has no PERSIST_RO_VARIABLES_ADMIN");
  Start({.servers = 1,
         .version = "9.7",
         .role = InstanceRole::kStandalone,
         .extra_cnf = {"persisted-globals-load=OFF"}});
  EXPECT_TRUE(See(0).may_start_writable);
  EXPECT_EQ(See(0).no_closed_start_because, "persisted_globals_load is OFF there");
  Start({.servers = 1, .version = "5.6", .role = InstanceRole::kStandalone});
  EXPECT_TRUE(See(0).may_start_writable);
  EXPECT_EQ(See(0).no_closed_start_because, "this version cannot persist settings");
}

// --- rule 7

// Somebody else set it up: it would be believed to hear from a source that hangs.
TEST_F(FarmRulesTest, AReplicaThatHearsTooSeldomFollowsAnew) {
  for (const std::string version : {"5.6", "9.7"}) {
    SCOPED_TRACE(version);
    Start({.servers = 2, .version = version});
    ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
    ASSERT_EQ(Do(FollowStep(1, 0, /*acknowledge=*/false)), absl::OkStatus());
    EXPECT_EQ(See(1).replication.heartbeat_period, real_->options().heartbeat_period);
    Root(1, version == "5.6" ? test_sql::kRareHeartbeatsOld : test_sql::kRareHeartbeats);
    EXPECT_EQ(See(1).replication.heartbeat_period, absl::Seconds(30));
    ASSERT_EQ(Do(FollowStep(1, 0, /*acknowledge=*/false)), absl::OkStatus());
    EXPECT_EQ(See(1).replication.heartbeat_period, real_->options().heartbeat_period);
  }
  Root(1, test_sql::kNoHeartbeats);
  EXPECT_EQ(See(1).replication.heartbeat_period, absl::InfiniteDuration());
}

}  // namespace
}  // namespace weft::controller
