// How a deposed primary is fenced on real servers while commits on it wait for acknowledgements
// that nobody gives: no client is told OK, whatever rights it has (S19; docs/safety.md, promise 2).
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/farm.h"
#include "services/controller/mysql/farm_sql.h"
#include "tests/integration/farm_rules_sql.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

// Clients that commit on one server, each over a session of its own, until they have failed.
class Crowd {
 public:
  ~Crowd() {
    for (std::thread& one : threads_) one.join();
  }
  // Commits once.
  void Add(std::unique_ptr<mysql::Session> session) {
    const int row = ++row_;
    threads_.emplace_back([this, row, session = std::move(session)] {
      if (session->Execute(test_sql::kInsertInLedger, {row}).ok()) ++told_ok_;
    });
  }
  // Comes back whenever it is cut off, and commits again, for `time`.
  void AddStubborn(std::function<absl::StatusOr<std::unique_ptr<mysql::Session>>()> connect,
                   absl::Duration time) {
    threads_.emplace_back([this, connect = std::move(connect), time] {
      const Deadline end = Deadline::After(RealClock::Get(), time);
      while (!end.Passed()) {
        auto session = connect();
        if (!session.ok()) continue;
        (*session)->set_statement_timeout(end.Remaining());
        const int row = ++row_;
        if ((*session)->Execute(test_sql::kInsertInLedger, {row}).ok()) ++told_ok_;
      }
    });
  }
  int told_ok() const { return told_ok_; }
  void Join() {
    for (std::thread& one : threads_) one.join();
    threads_.clear();
  }

 private:
  std::atomic<int> row_{1000};
  std::atomic<int> told_ok_{0};
  std::vector<std::thread> threads_;
};

class FarmFenceTest : public RealFarmTest {
 protected:
  static constexpr int kClients = 12;

  // Server 0 is a primary whose only acknowledger has been revoked.
  void StartDeposed() {
    Start(2);
    ASSERT_EQ(Do(ArmSource{uuid(0), 1}), absl::OkStatus());
    ASSERT_EQ(Do(FollowStep(1, 0, true)), absl::OkStatus());
    ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
    ASSERT_EQ(real_->Write(uuid(0), absl::Seconds(5)), absl::OkStatus());
    Root(0, test_sql::kMakeAdministrator);
    ASSERT_EQ(Do(StopReceiver{uuid(1)}), absl::OkStatus());
  }

  absl::StatusOr<std::unique_ptr<mysql::Session>> Administrator() const {
    return real_->Connect(0, "dba", "dba");
  }

  // Clients of both kinds wait in a commit.
  void Hang(Crowd* crowd) {
    for (int i = 0; i < kClients; ++i) {
      auto app = real_->ConnectApp(0);
      ASSERT_TRUE(app.ok()) << app.status();
      crowd->Add(*std::move(app));
    }
    auto administrator = Administrator();
    ASSERT_TRUE(administrator.ok()) << administrator.status();
    crowd->Add(*std::move(administrator));
    // One waits for the acknowledgement, and the others behind it for their turn to commit.
    const std::string all = absl::StrCat(kClients + 1);
    for (int i = 0; i < 100 && Root(0, test_sql::kCommitting) != all; ++i) {
      real_->Wait(absl::Milliseconds(50));
    }
    ASSERT_EQ(Root(0, test_sql::kCommitting), all);
    ASSERT_GE(See(0).semi_sync.source_waiting, 1u);
  }

  // Sends what releases commits, as Weft does, and looks after it for `patience`.
  absl::Status Release(uint64_t setter, absl::Duration patience) {
    mysql::ConnectOptions how = ManageSession(0)->options();
    how.several_statements = true;
    auto sender = mysql::Session::Open(how);
    if (!sender.ok()) return sender.status();
    (*sender)->set_statement_timeout(patience);
    return (*sender)->Execute(sql::ReleaseCommits("rpl_semi_sync_source_enabled", setter));
  }

  void ExpectFenced() {
    const Observation seen = See(0);
    EXPECT_TRUE(seen.super_read_only);
    EXPECT_FALSE(seen.offline);
    EXPECT_TRUE(seen.semi_sync.source_enabled);
    EXPECT_EQ(seen.semi_sync.source_waiting, 0u);
    EXPECT_EQ(Root(0, test_sql::kSuperReadOnly), "1");
    EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(5)).code(),
              absl::StatusCode::kFailedPrecondition);
  }
};

TEST_F(FarmFenceTest, NobodyWhoWaitsForAnAcknowledgementIsToldOk) {
  StartDeposed();
  Crowd crowd;
  Hang(&crowd);
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  EXPECT_LT(RealClock::Get()->MonotonicNow() - began, absl::Seconds(4));
  crowd.Join();
  EXPECT_EQ(crowd.told_ok(), 0);
  ExpectFenced();
}

// offline_mode lets administrators in: each time that one is killed it is back at once.
TEST_F(FarmFenceTest, AnAdministratorWhoComesBackAgainAndAgainIsNotToldOk) {
  StartDeposed();
  Crowd crowd;
  Hang(&crowd);
  for (int i = 0; i < 3; ++i) {
    crowd.AddStubborn([this] { return Administrator(); }, absl::Seconds(6));
  }
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  crowd.Join();
  EXPECT_EQ(crowd.told_ok(), 0);
  ExpectFenced();
}

TEST_F(FarmFenceTest, CommitsWaitAgainAlsoWhereWhoReleasedThemDiedMeanwhile) {
  StartDeposed();
  Crowd crowd;
  Hang(&crowd);
  Root(0, test_sql::kOfflineOn);
  auto setter = ManageSession(0);
  std::thread pending([&] {
    EXPECT_EQ(setter->Execute(sql::kLockWaitOfSetter), absl::OkStatus());
    EXPECT_EQ(setter->Execute(sql::kSuperReadOnlyOn), absl::OkStatus());
  });
  const std::string waiting = absl::StrFormat(test_sql::kHeldUp, setter->connection_id());
  for (int i = 0; i < 100 && Root(0, waiting) != "1"; ++i) real_->Wait(absl::Milliseconds(10));
  EXPECT_EQ(Root(0, waiting), "1");
  const absl::Status cut = Release(setter->connection_id(), absl::Milliseconds(5));
  EXPECT_TRUE(absl::IsDeadlineExceeded(cut) || absl::IsUnavailable(cut)) << cut;
  pending.join();
  EXPECT_EQ(Root(0, test_sql::kSuperReadOnly), "1");
  EXPECT_TRUE(Until(0, [](const Observation& one) {
                return one.semi_sync.source_enabled;
              }).semi_sync.source_enabled);
  crowd.Join();
}

TEST_F(FarmFenceTest, NoCommitIsReleasedWhereANewOneCouldBegin) {
  StartDeposed();
  Crowd crowd;
  Hang(&crowd);
  auto idle = ManageSession(0);
  EXPECT_EQ(Release(idle->connection_id(), absl::Seconds(5)), absl::OkStatus());
  const Observation seen = See(0);
  EXPECT_TRUE(seen.semi_sync.source_enabled);
  EXPECT_GE(seen.semi_sync.source_waiting, 1u);
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  crowd.Join();
  EXPECT_EQ(crowd.told_ok(), 0);
}

// The controller that began it has died: after it cut clients off, and after it released commits.
TEST_F(FarmFenceTest, GoesOnFromWhereAnotherControllerHasLeftIt) {
  StartDeposed();
  Crowd crowd;
  Hang(&crowd);
  Root(0, test_sql::kOfflineOn);
  EXPECT_TRUE(See(0).offline);
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  crowd.Join();
  EXPECT_EQ(crowd.told_ok(), 0);
  ExpectFenced();

  Root(0, test_sql::kOfflineOn);  // read-only already
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  ExpectFenced();

  ASSERT_EQ(Do(Unfence{uuid(0)}), absl::OkStatus());
  Root(0, test_sql::kOfflineOn);
  ASSERT_EQ(Do(Fence{uuid(0)}), absl::OkStatus());
  ExpectFenced();
}

}  // namespace
}  // namespace weft::controller
