// What only real servers can show of the farm: terms and orphaned statements (rule 10), servers
// that are full, hung or refuse the log-in (rule 7), what a crash leaves (rules 4 and 9), and
// repointing that loses nothing (S16).
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"
#include "services/controller/core/plan.h"
#include "services/controller/mysql/farm.h"
#include "tests/contract/real_farm.h"
#include "tests/integration/farm_rules_sql.h"

namespace weft::controller {
namespace {

using ::weft::testing::TestFarmOptions;

class FarmRulesTest : public ::testing::Test {
 protected:
  void Start(const TestFarmOptions& options) {
    auto made = RealFarm::Make(options);
    ASSERT_TRUE(made.ok()) << made.status();
    real_ = *std::move(made);
    group_ = real_->group();
  }
  void Start(int servers) { Start({.servers = servers, .version = "9.7"}); }

  ServerUuid uuid(int index) const { return group_.servers.at(index).uuid; }
  Farm& farm() { return real_->farm(); }
  Observation See(Farm& farm, int index) {
    return farm.Probe(group_, absl::Seconds(1))[uuid(index)];
  }
  Observation See(int index) { return See(farm(), index); }
  absl::Status Do(const Step& step, absl::Duration deadline = absl::Seconds(10)) {
    return farm().Apply(group_, step, deadline);
  }
  Follow FollowStep(int replica, int source, bool acknowledge) const {
    return {uuid(replica), uuid(source), group_.servers.at(source).address, acknowledge};
  }
  // A second controller on the same servers.
  std::unique_ptr<MysqlFarm> AnotherFarm(uint64_t term) {
    auto farm = std::make_unique<MysqlFarm>(real_->options(), RealClock::Get());
    farm->SetTerm(term, nullptr);
    return farm;
  }
  std::unique_ptr<mysql::Session> ManageSession(int index) {
    auto session = real_->Connect(index, real_->options().manage.user, real_->ManagePassword());
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : nullptr;
  }
  std::string Root(int index, absl::string_view sql) {
    const auto output = real_->servers().Sql(index, sql);
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? std::string(absl::StripAsciiWhitespace(*output)) : "";
  }
  Observation Until(int index, const std::function<bool(const Observation&)>& holds) {
    Observation seen;
    for (int i = 0; i < 200; ++i) {
      seen = See(index);
      if (holds(seen)) break;
      real_->Wait(absl::Milliseconds(50));
    }
    return seen;
  }

  std::unique_ptr<RealFarm> real_;
  Group group_;
};

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

TEST_F(FarmRulesTest, AStatementThatTimesOutIsKilledAndSeenGone) {
  Start(1);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  auto app = real_->ConnectApp(0);
  ASSERT_TRUE(app.ok()) << app.status();
  ASSERT_EQ((*app)->Execute(test_sql::kLockLedger), absl::OkStatus());
  // The lock holds it up for a second; its time is over sooner.
  const absl::Status status = Do(Fence{uuid(0), /*kill_sessions=*/false}, absl::Milliseconds(700));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(Root(0, test_sql::kStatementsUnderWay), "0");
  EXPECT_TRUE(See(0).reached());
  ASSERT_EQ((*app)->Execute(test_sql::kUnlock), absl::OkStatus());
  real_->Wait(absl::Milliseconds(1200));
  EXPECT_EQ(Root(0, test_sql::kReadOnly), "0") << "the statement took effect after all";
  EXPECT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
}

TEST_F(FarmRulesTest, AServerThatHungUnderAStepIsUnreachedUntilItsSessionIsGone) {
  Start(1);
  ASSERT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());  // so the acting session is open
  ASSERT_EQ(real_->Pause(uuid(0)), absl::OkStatus());
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  const absl::Status status = Do(Unfence{uuid(0)}, absl::Seconds(1));
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(3));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(See(0).contact, Contact::kUnreachable);
  ASSERT_EQ(real_->Resume(uuid(0)), absl::OkStatus());
  EXPECT_TRUE(Until(0, [](const Observation& seen) { return seen.reached(); }).reached());
  EXPECT_EQ(Root(0, test_sql::kStatementsUnderWay), "0");
  EXPECT_EQ(Do(Fence{uuid(0), true}), absl::OkStatus());
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

TEST_F(FarmRulesTest, AServerThatWasMadeWritableComesBackReadOnlyFromACrash) {
  // Its own settings would let it start writable.
  Start({.servers = 1, .version = "9.7", .role = InstanceRole::kStandalone});
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  ASSERT_EQ(real_->Start(uuid(0)), absl::OkStatus());
  const Observation back = Until(0, [](const Observation& seen) { return seen.reached(); });
  EXPECT_TRUE(back.super_read_only);
}

// --- replication

TEST_F(FarmRulesTest, RepointingKeepsWhatIsReceivedAndNotApplied) {
  Start(3);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(2, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{uuid(2), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  Root(2, test_sql::kStopApplier);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet all = See(0).executed;
  Until(2, [&all](const Observation& seen) {
    return seen.received.Contains(all) || seen.Held().Contains(all);
  });
  // Nobody else has it: server 1 stopped receiving before.
  ASSERT_EQ(Do(StopReceiver{uuid(2)}), absl::OkStatus());
  ASSERT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(2, 1, false)), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{uuid(2), all, absl::Seconds(5)}), absl::OkStatus());
  EXPECT_TRUE(See(2).executed.Contains(all));
}

TEST_F(FarmRulesTest, RefusesToRepointWhenTheApplierIsBrokenAndSomethingIsUnapplied) {
  Start(3);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(2, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{uuid(2), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  Root(2, test_sql::kDropLedgerQuietly);
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const Observation broken =
      Until(2, [](const Observation& seen) { return !seen.replication.applier_error.empty(); });
  EXPECT_FALSE(broken.replication.applier_running);
  const absl::Status status = Do(FollowStep(2, 1, false));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(ErrorReason(status), "UNAPPLIED_RELAY_LOG");
  EXPECT_EQ(ErrorReason(Do(CatchUp{uuid(2), See(0).executed, absl::Seconds(5)})),
            "APPLIER_STOPPED");
}

TEST_F(FarmRulesTest, SeesASemiSyncFlagThatProvesNothing) {
  Start({.servers = 1,
         .version = "9.7",
         .extra_cnf = {"plugin-load-add=semisync_replica.so;semisync_source.so",
                       "loose-rpl_semi_sync_replica_enabled=ON"}});
  const Observation seen = See(0);
  EXPECT_TRUE(seen.semi_sync.replica_enabled);
  EXPECT_TRUE(seen.semi_sync.replica_preset);
  Group none;
  const auto admission = farm().Admit(none, group_.servers[0].address, absl::Seconds(5));
  ASSERT_TRUE(admission.ok()) << admission.status();
  bool told = false;
  for (const AdmissionProblem& problem : admission->problems) {
    told = told || (problem.code == "SEMI_SYNC_PRESET" && !problem.fatal &&
                    absl::StrContains(problem.found, "my.cnf"));
  }
  EXPECT_TRUE(told);
}

// --- rebuilding

TEST_F(FarmRulesTest, ACloneThatFailsSaysSoAndLeavesTheServerClosed) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  Root(0, test_sql::kDropBackupAccount);
  const auto cloned = farm().Clone(group_, uuid(1), uuid(0), nullptr, absl::Seconds(30));
  ASSERT_FALSE(cloned.ok());
  EXPECT_EQ(ErrorReason(cloned.status()), "CLONE_FAILED") << cloned.status();
  EXPECT_FALSE(absl::StrContains(cloned.status().message(),
                                 real_->servers().account(Duty::kBackup).password));
  const Observation seen = See(1);
  EXPECT_TRUE(seen.reached());
  EXPECT_TRUE(seen.super_read_only);
}

TEST_F(FarmRulesTest, AServerThatACloneLeftHalfDoneDoesNotLookWhole) {
  Start(3);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{uuid(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  for (const int server : {0, 1}) Root(server, test_sql::kSlowClone);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  // The donor dies as soon as the copy has begun. The plugin would wait five minutes for it.
  bool killed = false;
  const auto cloned = farm().Clone(
      group_, uuid(1), uuid(0),
      [&](double part) {
        if (part <= 0 || killed) return;
        killed = true;
        EXPECT_EQ(real_->Kill(uuid(0)), absl::OkStatus());
      },
      absl::Seconds(12));
  EXPECT_TRUE(killed);
  EXPECT_EQ(cloned.status().code(), absl::StatusCode::kDeadlineExceeded) << cloned.status();
  EXPECT_EQ(Root(1, test_sql::kSuperReadOnly), "1");
  const Observation half = See(*AnotherFarm(2), 1);
  EXPECT_EQ(half.contact, Contact::kRejected);
  EXPECT_TRUE(absl::StrContains(half.error, "not whole")) << half.error;
  farm().SetTerm(3, nullptr);
  Group none;
  const auto admission = farm().Admit(none, group_.servers[1].address, absl::Seconds(5));
  ASSERT_TRUE(admission.ok()) << admission.status();
  ASSERT_FALSE(admission->problems.empty());
  EXPECT_EQ(admission->problems.front().code, "HALF_CLONED");
  EXPECT_TRUE(admission->clone_would_help);
  // And another clone makes it whole.
  Root(1, test_sql::kFullSpeedClone);
  const auto again = farm().Clone(group_, uuid(1), uuid(2), nullptr, absl::Seconds(60));
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(See(1).reached()) << See(1).error;
}

TEST_F(FarmRulesTest, SavedTransactionsCanBeReadAndNobodyElseMayReadThem) {
  Start(1);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet before = See(0).executed;
  Root(0, test_sql::kFlushLogs);
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet extra = See(0).executed.Minus(before);
  const auto saved = farm().SaveTransactions(group_, uuid(0), extra, absl::Seconds(30));
  ASSERT_TRUE(saved.ok()) << saved.status();
  const auto text = ReadFile(*saved);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, "### INSERT INTO `app`.`ledger`"));
  EXPECT_FALSE(absl::StrContains(*text, "CREATE TABLE"));
  EXPECT_FALSE(absl::StrContains(*text, real_->servers().account(Duty::kBackup).password));
  struct stat status;
  ASSERT_EQ(stat(saved->c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  for (const auto& entry : std::filesystem::directory_iterator(real_->options().rescue_dir)) {
    EXPECT_EQ(entry.path(), *saved) << "left behind";
  }
  GtidSet never;
  never.AddInterval(uuid(0).text(), "", 5000, 5001);
  EXPECT_EQ(
      ErrorReason(farm().SaveTransactions(group_, uuid(0), never, absl::Seconds(30)).status()),
      "TRANSACTIONS_PURGED");
}

// --- accounts

TEST_F(FarmRulesTest, PasswordsAreChangedOnEveryServerWhileReplicationGoesOn) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const std::string old = real_->ManagePassword();
  for (int i = 0; i < 2; ++i) {  // repeating it loses no password that is in use
    ASSERT_EQ(farm().RotatePassword(group_, "manage", "new-manage-1", absl::Seconds(20)),
              absl::OkStatus());
    ASSERT_EQ(farm().RotatePassword(group_, "replicate", "new-replicate-1", absl::Seconds(20)),
              absl::OkStatus());
  }
  for (const int server : {0, 1}) {
    const std::string& user = real_->options().manage.user;
    EXPECT_TRUE(real_->Connect(server, user, "new-manage-1").ok());
    EXPECT_TRUE(real_->Connect(server, user, old).ok()) << "dual passwords";
  }
  real_->SetManagePassword("new-manage-1");
  EXPECT_TRUE(See(*AnotherFarm(2), 0).reached());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  EXPECT_EQ(Do(CatchUp{uuid(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  const Observation replica = See(1);
  EXPECT_EQ(replica.replication.receiver, ThreadState::kOn);
  EXPECT_TRUE(replica.super_read_only);
  EXPECT_TRUE(See(0).executed == replica.executed) << "a rotation leaves no transaction";
  EXPECT_EQ(farm().RotatePassword(group_, "nothing", "x", absl::Seconds(5)).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FarmRulesTest, AdmissionNamesWhatIsWrongAndHowToMendIt) {
  Start(
      {.servers = 1,
       .version = "9.7",
       .extra_cnf = {"gtid-mode=OFF", "enforce-gtid-consistency=OFF", "log-replica-updates=OFF"}});
  Root(0, test_sql::kRevoke);
  const auto admission = farm().Admit(group_, group_.servers[0].address, absl::Seconds(5));
  ASSERT_TRUE(admission.ok()) << admission.status();
  std::set<std::string> fatal;
  for (const AdmissionProblem& problem : admission->problems) {
    EXPECT_FALSE(problem.expected.empty()) << problem.code;
    EXPECT_FALSE(problem.remedy.empty()) << problem.code;
    if (problem.fatal) fatal.insert(problem.code);
  }
  EXPECT_EQ(fatal, (std::set<std::string>{"GTID_MODE_OFF", "GTID_CONSISTENCY_OFF",
                                          "LOG_REPLICA_UPDATES_OFF", "PRIVILEGES_MANAGE",
                                          "ACCOUNT_REPLICATE"}));
  EXPECT_FALSE(admission->clone_would_help);
}

}  // namespace
}  // namespace weft::controller
