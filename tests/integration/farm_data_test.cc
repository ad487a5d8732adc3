// What only real servers can show of the farm: repointing that loses nothing (S16), flags that
// prove nothing (rule 4), clones and rescues, passwords, admission.
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/farm.h"
#include "tests/integration/farm_rules_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

class FarmDataTest : public RealFarmTest {};

// Which files are made in a folder while it lives.
class FolderWatch {
 public:
  explicit FolderWatch(const std::string& folder)
      : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
        watch_(inotify_add_watch(fd_, folder.c_str(), IN_CREATE | IN_MOVED_TO)) {}
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  ~FolderWatch() { close(fd_); }

  // Their names since the last call.
  std::vector<std::string> Made() const {
    EXPECT_GE(watch_, 0);
    std::vector<std::string> names;
    alignas(inotify_event) std::array<char, 65536> buffer;
    const ssize_t got = read(fd_, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < got;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      names.emplace_back(event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
    return names;
  }

 private:
  const int fd_;
  const int watch_;
};

// --- replication

TEST_F(FarmDataTest, RepointingKeepsWhatIsReceivedAndNotApplied) {
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

TEST_F(FarmDataTest, RefusesToRepointWhenTheApplierIsBrokenAndSomethingIsUnapplied) {
  Start(3);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(2, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{uuid(2), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  Root(2, test_sql::kDropLedgerQuietly);
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  // The error is there a moment before the applier has ended.
  const Observation broken = Until(2, [](const Observation& seen) {
    return !seen.replication.applier_error.empty() && !seen.replication.applier_running;
  });
  EXPECT_FALSE(broken.replication.applier_running);
  const absl::Status status = Do(FollowStep(2, 1, false));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(ErrorReason(status), "UNAPPLIED_RELAY_LOG");
  EXPECT_EQ(ErrorReason(Do(CatchUp{uuid(2), See(0).executed, absl::Seconds(5)})),
            "APPLIER_STOPPED");
  // Nor is it lost for a new password's sake.
  const GtidSet held = See(2).Held();
  const absl::Status rotated =
      farm().RotatePassword(group_, "replicate", "new-replicate-1", absl::Seconds(20));
  EXPECT_EQ(ErrorReason(rotated), "ROTATION_INCOMPLETE") << rotated;
  EXPECT_TRUE(See(2).Held().Contains(held));
}

TEST_F(FarmDataTest, SeesASemiSyncFlagThatProvesNothing) {
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

// Weft's own SET hides what the option file says.
TEST_F(FarmDataTest, AFlagThatWeftHasSetIsOffAfterARestartWhateverTheOptionFileSays) {
  Start({.servers = 2,
         .version = "9.7",
         .extra_cnf = {"plugin-load-add=semisync_replica.so;semisync_source.so",
                       "loose-rpl_semi_sync_replica_enabled=ON"}});
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, true)), absl::OkStatus());
  // It was on: nobody knows since when.
  EXPECT_TRUE(See(1).semi_sync.replica_preset);
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  EXPECT_FALSE(See(1).semi_sync.replica_preset);
  ASSERT_EQ(Do(FollowStep(1, 0, true)), absl::OkStatus());
  const Observation told = See(1);
  EXPECT_TRUE(told.semi_sync.replica_enabled);
  EXPECT_FALSE(told.semi_sync.replica_preset);
  ASSERT_EQ(real_->Kill(uuid(1)), absl::OkStatus());
  ASSERT_EQ(real_->Start(uuid(1)), absl::OkStatus());
  const Observation back = Until(1, [](const Observation& seen) { return seen.reached(); });
  EXPECT_FALSE(back.semi_sync.replica_enabled);
  EXPECT_FALSE(back.semi_sync.replica_preset);
}

// --- rebuilding

TEST_F(FarmDataTest, ACloneThatFailsSaysSoAndLeavesTheServerClosed) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  Root(0, test_sql::kMayBeNoDonor);
  const auto cloned = farm().Clone(group_, uuid(1), uuid(0), nullptr, absl::Seconds(30));
  ASSERT_FALSE(cloned.ok());
  EXPECT_EQ(ErrorReason(cloned.status()), "CLONE_FAILED") << cloned.status();
  EXPECT_FALSE(absl::StrContains(cloned.status().message(),
                                 real_->servers().account(Duty::kBackup).password));
  const Observation seen = See(1);
  EXPECT_TRUE(seen.reached());
  EXPECT_TRUE(seen.super_read_only);
}

TEST_F(FarmDataTest, NothingIsTouchedForACloneThatWouldNotBeWhole) {
  Start(2);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  const GtidSet before = See(1).executed;
  Root(0, test_sql::kTableOfAnotherEngine);
  const auto emptied = farm().Clone(group_, uuid(1), uuid(0), nullptr, absl::Seconds(30));
  EXPECT_EQ(ErrorReason(emptied.status()), "CLONE_UNAVAILABLE") << emptied.status();
  EXPECT_TRUE(absl::StrContains(emptied.status().message(), "InnoDB")) << emptied.status();
  Root(0, test_sql::kDropBackupAccount);
  const auto denied = farm().Clone(group_, uuid(1), uuid(0), nullptr, absl::Seconds(30));
  EXPECT_TRUE(absl::StrContains(denied.status().message(), "backup account")) << denied.status();
  EXPECT_EQ(See(1).executed, before);
}

TEST_F(FarmDataTest, AServerThatACloneLeftHalfDoneDoesNotLookWhole) {
  Start(3);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(Do(FollowStep(1, 0, false)), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  ASSERT_EQ(Do(CatchUp{uuid(1), See(0).executed, absl::Seconds(5)}), absl::OkStatus());
  for (const int server : {0, 1}) Root(server, test_sql::kSlowClone);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  // The donor dies once the old data are being dropped. The plugin would wait five minutes for it.
  bool killed = false;
  const auto cloned = farm().Clone(
      group_, uuid(1), uuid(0),
      [&](double) {
        if (killed) return;
        const std::string drop = Root(1, test_sql::kDropOfCloned);
        if (drop.empty() || drop == "Not Started") return;
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

TEST_F(FarmDataTest, SavedTransactionsCanBeReadAndNobodyElseMayReadThem) {
  Start(1);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet before = See(0).executed;
  Root(0, test_sql::kFlushLogs);
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet extra = See(0).executed.Minus(before);
  const std::string& folder = real_->options().rescue_dir;
  ASSERT_EQ(MakeFolder(folder, 0700), absl::OkStatus());
  const FolderWatch watch(folder);
  const auto saved = farm().SaveTransactions(group_, uuid(0), extra, absl::Seconds(30));
  ASSERT_TRUE(saved.ok()) << saved.status();
  // No file with a password, not even for a moment: a kill -9 would leave it.
  const std::vector<std::string> made = watch.Made();
  EXPECT_FALSE(made.empty());
  for (const std::string& name : made) {
    EXPECT_TRUE(absl::StrContains(name, uuid(0).text())) << name;
  }
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

TEST_F(FarmDataTest, ARescueThatCannotBeWrittenSaysWhyAndLeavesNothing) {
  Start(1);
  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
  const GtidSet written = See(0).executed;
  uint64_t term = 1;  // each of them leads after the one before
  const auto refusal = [&](const FarmOptions& options) {
    MysqlFarm farm(options, RealClock::Get());
    farm.SetTerm(++term, nullptr);
    return ErrorReason(farm.SaveTransactions(group_, uuid(0), written, absl::Seconds(30)).status());
  };
  FarmOptions options = real_->options();
  options.rescue_limit = 1024;
  EXPECT_EQ(refusal(options), "RESCUE_TOO_LARGE");
  for (const std::string program : {"/nonexistent/mysqlbinlog", "weft-no-such-program"}) {
    options.mysqlbinlog = {program};
    EXPECT_EQ(refusal(options), "MYSQLBINLOG_UNAVAILABLE");
  }
  EXPECT_TRUE(std::filesystem::is_empty(options.rescue_dir));
}

// --- accounts

TEST_F(FarmDataTest, PasswordsAreChangedOnEveryServerWhileReplicationGoesOn) {
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

TEST_F(FarmDataTest, AdmissionNamesWhatIsWrongAndHowToMendIt) {
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
