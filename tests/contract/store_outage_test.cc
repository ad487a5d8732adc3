// The state store goes away, hangs, fills up and comes back.
#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/testing/listener.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/store.h"
#include "tests/contract/store_server.h"
#include "tests/contract/store_server_sql.h"
#include "tests/contract/store_values.h"

namespace weft::controller {
namespace {

// How soon a store that is down must say so: the work is done in well under a millisecond, the rest
// is for a busy machine.
constexpr absl::Duration kAtOnce = absl::Milliseconds(300);

// The tests share a server; each leaves it as it was.
class StoreOutageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new StoreServer(/*durable=*/true); }
  static void TearDownTestSuite() { delete server_; }

  void SetUp() override {
    options_ = server_->NewStore();
    MysqlStore patient(options_);  // the first write of a busy machine's disk may take long
    WEFT_ASSERT_OK(patient.SetUp());
    Group group;
    group.id = "g";
    WEFT_ASSERT_OK(patient.CreateGroup(group));
    options_.statement_timeout = absl::Milliseconds(500);
    store_ = std::make_unique<MysqlStore>(options_);
    WEFT_ASSERT_OK(store_->Load("g"));  // has a session from here on
  }

  static absl::Duration Now() { return RealClock::Get()->MonotonicNow(); }

  // Calls until it succeeds, which it must within seconds.
  Group LoadWhenBack() {
    const absl::Duration start = Now();
    absl::StatusOr<Group> group = store_->Load("g");
    while (!group.ok() && Now() - start < absl::Seconds(20)) group = store_->Load("g");
    EXPECT_EQ(Outcome(group), "OK");
    return group.value_or(Group());
  }

  std::unique_ptr<mysql::Session> OpenSession() {
    mysql::ConnectOptions connect = options_.connect;
    connect.database = options_.database;
    absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
    EXPECT_EQ(Outcome(session), "OK");
    return session.ok() ? *std::move(session) : nullptr;
  }

  // Until so many transactions wait for a lock.
  void AwaitWaiting(mysql::Session& session, int count) {
    const absl::Duration start = Now();
    absl::StatusOr<mysql::ResultSet> waits = session.Query(store_server_sql::kCountWaits);
    while (waits.ok() && waits->front().IntOr("Value", -1) != count &&
           Now() - start < absl::Seconds(10)) {
      waits = session.Query(store_server_sql::kCountWaits);
    }
    WEFT_ASSERT_OK(waits);
    EXPECT_EQ(waits->front().IntOr("Value", -1), count);
  }

  static StoreServer* server_;
  MysqlStoreOptions options_;
  std::unique_ptr<MysqlStore> store_;
};

StoreServer* StoreOutageTest::server_ = nullptr;

TEST_F(StoreOutageTest, SaysAtOnceThatItIsDownAndIsUsedAgainOnceItIsBack) {
  WEFT_ASSERT_OK(server_->farm().Kill(0));
  for (int i = 0; i < 20; ++i) {
    const absl::Duration start = Now();
    EXPECT_TRUE(absl::IsUnavailable(store_->Load("g").status()));
    EXPECT_TRUE(absl::IsUnavailable(store_->ReadLease().status()));
    EXPECT_TRUE(absl::IsUnavailable(store_->AppendEvent({})));
    EXPECT_LT(Now() - start, kAtOnce);
  }
  const absl::Duration start = Now();
  EXPECT_TRUE(absl::IsUnavailable(store_->Schema().status()));
  EXPECT_TRUE(absl::IsUnavailable(store_->SetUp()));
  EXPECT_LT(Now() - start, kAtOnce);
  WEFT_ASSERT_OK(server_->farm().StartServer(0));
  EXPECT_EQ(LoadWhenBack().id, "g");
}

TEST_F(StoreOutageTest, ARestartBetweenTwoCallsIsNotNoticed) {
  // Two idle sessions that will be dead.
  std::thread other([&] { WEFT_EXPECT_OK(store_->Load("g")); });
  WEFT_EXPECT_OK(store_->Load("g"));
  other.join();
  WEFT_ASSERT_OK(server_->farm().Restart(0));
  WEFT_EXPECT_OK(store_->UpdateGroup(LoadWhenBack()));
  WEFT_ASSERT_OK(server_->farm().Kill(0));
  WEFT_ASSERT_OK(server_->farm().StartServer(0));
  WEFT_EXPECT_OK(store_->AppendEvent({.text = "first call after a crash"}));
}

TEST_F(StoreOutageTest, NoAcknowledgedWriteIsLostInACrash) {
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::atomic<int> unknown = 0;
  std::vector<std::thread> writers;
  writers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        const absl::Status status = store_->AppendEvent({.text = "an event"});
        const std::string outcome = Outcome(status);
        if (outcome == "OK") {
          ++acknowledged;
        } else if (outcome == "UNAVAILABLE STORE_OUTCOME_UNKNOWN") {
          ++unknown;
        } else {
          EXPECT_EQ(outcome, "UNAVAILABLE STORE_UNAVAILABLE") << status;
        }
      }
    });
  }
  while (acknowledged < 20) std::this_thread::yield();
  WEFT_ASSERT_OK(server_->farm().Kill(0));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  WEFT_ASSERT_OK(server_->farm().StartServer(0));
  LoadWhenBack();
  const int kept = static_cast<int>(store_->ListEvents("", 1'000'000, 0)->size());
  EXPECT_GE(kept, acknowledged);
  EXPECT_LE(kept, acknowledged + unknown);
}

TEST_F(StoreOutageTest, AHungStoreCostsOneTimeoutAndThenNothing) {
  WEFT_ASSERT_OK(server_->farm().Pause(0));
  absl::Duration start = Now();
  EXPECT_TRUE(absl::IsUnavailable(store_->Load("g").status()));
  EXPECT_LT(Now() - start, options_.statement_timeout + kAtOnce);
  // One caller at a time finds out by connecting; all others are told at once.
  std::atomic<int> quick = 0;
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const absl::Duration called = Now();
      EXPECT_TRUE(absl::IsUnavailable(store_->Load("g").status()));
      if (Now() - called < kAtOnce) ++quick;
      EXPECT_LT(Now() - called, options_.connect_timeout + kAtOnce);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(quick, 3);
  WEFT_ASSERT_OK(server_->farm().Resume(0));
  EXPECT_EQ(LoadWhenBack().id, "g");
}

// A statement goes on in the server when its caller has given up. Whoever reads back must not see
// the time before it and decide on that.
TEST_F(StoreOutageTest, WhatIsReadBackAfterALostAnswerIsFinal) {
  const auto other = OpenSession();
  ASSERT_NE(other, nullptr);
  Group update = LoadWhenBack();
  update.description = "late";
  WEFT_ASSERT_OK(other->Begin());
  WEFT_ASSERT_OK(other->Execute(store_server_sql::kLockGroups));
  EXPECT_EQ(Outcome(store_->UpdateGroup(update)), "UNAVAILABLE STORE_OUTCOME_UNKNOWN");
  const Group read_back = LoadWhenBack();
  // The way is free for the write, which waited before this session does again.
  WEFT_ASSERT_OK(other->Rollback());
  WEFT_ASSERT_OK(other->Begin());
  WEFT_ASSERT_OK(other->Execute(store_server_sql::kLockGroups));
  WEFT_ASSERT_OK(other->Rollback());
  EXPECT_EQ(LoadWhenBack(), read_back);
}

// A new leader acts on what it reads after it took the lease: a write of the old term is either in
// that, or refused.
TEST_F(StoreOutageTest, ATakeOverWaitsForTheWriteThatIsUnderWay) {
  const auto other = OpenSession();
  ASSERT_NE(other, nullptr);
  options_.statement_timeout = absl::Seconds(10);
  MysqlStore leader(options_);
  MysqlStore challenger(options_);
  const Group group = LoadWhenBack();
  const Lease lease = *challenger.ReadLease();
  WEFT_ASSERT_OK(other->Begin());
  WEFT_ASSERT_OK(other->Execute(store_server_sql::kLockGroups));
  std::thread write([&] { WEFT_EXPECT_OK(leader.UpdateGroup(group)); });
  AwaitWaiting(*other, 1);
  std::thread take([&] {
    WEFT_EXPECT_OK(challenger.TakeLease(lease, "challenger"));
    EXPECT_EQ(challenger.Load("g")->revision, group.revision + 1);
  });
  AwaitWaiting(*other, 2);
  WEFT_EXPECT_OK(other->Rollback());
  write.join();
  take.join();
}

TEST_F(StoreOutageTest, AWriteThatMeetsAHungStoreHappensOnceOrNever) {
  for (int round = 0; round < 3; ++round) {
    Group update = LoadWhenBack();
    update.description = absl::StrCat("round ", round);
    WEFT_ASSERT_OK(server_->farm().Pause(0));
    EXPECT_EQ(Outcome(store_->UpdateGroup(update)), "UNAVAILABLE STORE_OUTCOME_UNKNOWN");
    WEFT_ASSERT_OK(server_->farm().Resume(0));
    const Group read_back = LoadWhenBack();
    // Who repeats it learns that it was done, or does it now.
    EXPECT_EQ(Outcome(store_->UpdateGroup(update)),
              read_back.revision == update.revision ? "OK" : "ABORTED REVISION_MOVED");
    EXPECT_EQ(LoadWhenBack().revision, update.revision + 1);
    EXPECT_EQ(LoadWhenBack().description, update.description);
  }
}

TEST_F(StoreOutageTest, SaysThatNobodyIsLetIn) {
  server_->Sql("SET GLOBAL max_connections = 1");
  MysqlStore late(options_);
  const std::string outcome = Outcome(late.Load("g"));
  EXPECT_EQ(outcome, "UNAVAILABLE STORE_BUSY");
  server_->Sql("SET GLOBAL max_connections = 100");
  WEFT_EXPECT_OK(late.Load("g"));

  late.SetLogin("weft_store", "wrong secret");
  const absl::Status refused = late.Load("g").status();
  EXPECT_EQ(Outcome(refused), "FAILED_PRECONDITION STORE_LOGIN");
  EXPECT_FALSE(absl::StrContains(refused.ToString(), "wrong secret"));
  EXPECT_EQ(Outcome(late.SetUp()), "FAILED_PRECONDITION STORE_LOGIN");
  late.SetLogin("weft_store", "store secret");
  WEFT_EXPECT_OK(late.Load("g"));
}

TEST_F(StoreOutageTest, AReadOnlyStoreIsReadAndTakesNoWrite) {
  server_->Sql("SET GLOBAL super_read_only = 1");
  const Group group = LoadWhenBack();
  EXPECT_EQ(Outcome(store_->UpdateGroup(group)), "UNAVAILABLE STORE_READ_ONLY");
  server_->Sql("SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0");
  WEFT_EXPECT_OK(store_->UpdateGroup(group));
}

TEST_F(StoreOutageTest, ALockOfSomebodyElseDelaysAWriteForSecondsAtMost) {
  const auto other = OpenSession();
  ASSERT_NE(other, nullptr);
  const Group group = LoadWhenBack();
  WEFT_ASSERT_OK(other->Begin());
  WEFT_ASSERT_OK(other->Execute(store_server_sql::kLockGroups));
  // The server's shortest wait is a second: this store must have more patience than that.
  MysqlStoreOptions patient = options_;
  patient.statement_timeout = absl::Seconds(2);
  MysqlStore store(patient);
  const absl::Duration start = Now();
  EXPECT_EQ(Outcome(store.UpdateGroup(group)), "UNAVAILABLE STORE_BUSY");
  EXPECT_LT(Now() - start, absl::Seconds(5));
  WEFT_ASSERT_OK(other->Rollback());
  WEFT_EXPECT_OK(store.UpdateGroup(group));
}

TEST_F(StoreOutageTest, AsksNothingOfTheServersConfiguration) {
  server_->Sql(std::string(store_server_sql::kOddConfiguration));
  MysqlStore store(server_->NewStore());
  WEFT_ASSERT_OK(store.SetUp());
  Group group;
  group.id = "g";
  group.description = "it's \"quoted\" \\ \xC3\xA9\xF0\x9F\x90\xAC";
  group.servers = {MakeServer('a', 3301)};
  WEFT_ASSERT_OK(store.CreateGroup(group));
  WEFT_ASSERT_OK(store.AppendEvent({.when = At(1), .text = "an event"}));
  group.revision = 1;
  EXPECT_EQ(*store.Load("g"), group);
  EXPECT_EQ(store.ListEvents("", 2, 0)->at(0).when, At(1));
  WEFT_ASSERT_OK(server_->farm().Restart(0));  // and forget all that
}

TEST(StoreSilenceTest, AListenerThatNeverAnswersCostsOneConnectTimeout) {
  const weft::testing::Listener listener;
  MysqlStoreOptions options;
  options.connect.port = listener.port();
  MysqlStore store(options);
  const absl::Duration start = RealClock::Get()->MonotonicNow();
  EXPECT_EQ(Outcome(store.Load("g")), "UNAVAILABLE STORE_UNAVAILABLE");
  const absl::Duration first = RealClock::Get()->MonotonicNow();
  EXPECT_LT(first - start, options.connect_timeout + kAtOnce);
  EXPECT_EQ(Outcome(store.Load("g")), "UNAVAILABLE STORE_UNAVAILABLE");
  EXPECT_LT(RealClock::Get()->MonotonicNow() - first, kAtOnce);
}

}  // namespace
}  // namespace weft::controller
