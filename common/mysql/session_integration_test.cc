// Sessions with real servers of each version.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysql/session.h"
#include "common/mysql/testing/mysql_fixture.h"

namespace weft::mysql {
namespace {

WEFT_INSTANTIATE_MYSQL_TESTS();

TEST_P(MysqlTest, ASessionKnowsWhomItTalksTo) {
  const auto session = Opened(App(0));
  EXPECT_EQ(absl::StrCat(session->version().major, ".", session->version().minor), GetParam());
  EXPECT_FALSE(session->version().mariadb);
  EXPECT_EQ(Text(*session, "SELECT CONNECTION_ID()"), absl::StrCat(session->connection_id()));
  EXPECT_EQ(Text(*session, "SELECT DATABASE()"), farm_->app_database());
  EXPECT_EQ(Text(*session, "SELECT @@SESSION.lock_wait_timeout"), "5");
  EXPECT_EQ(Text(*session, "SELECT @@SESSION.time_zone"), "+00:00");
  EXPECT_EQ(Text(*session, "SELECT @@SESSION.sql_select_limit"), "18446744073709551615");
  EXPECT_EQ(Text(*session, "SELECT @@SESSION.character_set_client"), "utf8mb4");
  EXPECT_GE(session->socket(), 0);
  EXPECT_TRUE(session->Ping().ok());
}

TEST_P(MysqlTest, ValuesOfEachKindComeBackAsTheyAre) {
  const auto session = Opened(App(0));
  const auto rows = session->Query(
      "SELECT NULL AS nothing, 18446744073709551615 AS great, -7 AS negative, 1.25 AS exact,"
      " 'gr\xc3\xbcn \xf0\x9f\x98\x80' AS text, x'00ff00' AS bytes, '' AS blank, 1 = 1 AS truth");
  ASSERT_TRUE(rows.ok()) << rows.status();
  const ResultSet::Row row = rows->front();
  EXPECT_FALSE(row.Get("nothing").has_value());
  EXPECT_EQ(*row.Uint("great"), 18446744073709551615u);
  EXPECT_EQ(*row.Int("negative"), -7);
  EXPECT_EQ(*row.Double("exact"), 1.25);
  EXPECT_EQ(*row.String("text"), "gr\xc3\xbcn \xf0\x9f\x98\x80");
  EXPECT_EQ(*row.String("bytes"), std::string("\0\xff\0", 3));
  EXPECT_EQ(*row.String("blank"), "");
  EXPECT_TRUE(*row.Bool("truth"));
}

TEST_P(MysqlTest, AnyBytesSurviveAsAParameter) {
  const auto session = Opened(App(0));
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (unsigned i = 0, size = random() % 40; i < size; ++i) {
      // Half of them are those that quoting is about.
      static constexpr char kOdd[] = "'\"\\`?\0\n\r\x1a%_-#/*";
      bytes.push_back(random() % 2 ? kOdd[random() % (sizeof(kOdd) - 1)]
                                   : static_cast<char>(random() % 128));
    }
    ASSERT_EQ(Text(*session, "SELECT ?", {bytes}), bytes);
    ASSERT_EQ(Text(*session, "SELECT ?", {Bytes{bytes + "\xff\xfe"}}), bytes + "\xff\xfe");
  }
}

TEST_P(MysqlTest, WritesCountTheirRowsAndKeepTransactions) {
  const auto session = Opened(App(0));
  ASSERT_TRUE(session->Execute("DROP TABLE IF EXISTS t").ok());
  ASSERT_TRUE(session->Execute("CREATE TABLE t (a INT PRIMARY KEY, b TEXT) ENGINE=InnoDB").ok());
  EXPECT_EQ(*session->Execute("INSERT INTO t VALUES (?, ?), (?, ?)", {1, "a", 2, "b"}), 2u);
  EXPECT_EQ(*session->Execute("UPDATE t SET b = ? WHERE a = ?", {"c", 1}), 1u);
  EXPECT_EQ(*session->Execute("UPDATE t SET b = ? WHERE a = ?", {"c", 99}), 0u);
  ASSERT_TRUE(session->Begin().ok());
  EXPECT_EQ(*session->Execute("DELETE FROM t", {}), 2u);
  ASSERT_TRUE(session->Rollback().ok());
  ASSERT_TRUE(session->Begin().ok());
  EXPECT_EQ(*session->Execute("DELETE FROM t WHERE a = 2", {}), 1u);
  ASSERT_TRUE(session->Commit().ok());
  EXPECT_EQ(Text(*Opened(App(0)), "SELECT GROUP_CONCAT(a, b) FROM t"), "1c");
}

TEST_P(MysqlTest, ErrorsOfTheServerAreTranslatedAndLeaveTheSessionUsable) {
  const auto session = Opened(App(0));
  ASSERT_TRUE(session->Execute("CREATE TABLE IF NOT EXISTS e (a INT PRIMARY KEY)").ok());
  ASSERT_TRUE(session->Execute("REPLACE INTO e VALUES (1)").ok());
  const auto code = [&session](absl::string_view sql) { return session->Execute(sql).code(); };
  EXPECT_EQ(code("INSERT INTO e VALUES (1)"), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(code("SELECT * FROM absent"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code("SELEC"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("SELECT 1; SELECT 2"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("SET GLOBAL read_only = 1"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(MysqlErrorCode(session->Execute("INSERT INTO e VALUES (1)")), 1062);
  EXPECT_FALSE(session->broken());
  EXPECT_TRUE(session->Ping().ok());
}

TEST_P(MysqlTest, AReadOnlyServerRefusesWrites) {
  ASSERT_TRUE(farm_->Sql(0, "SET GLOBAL read_only = ON").ok());
  const absl::Status status = Opened(App(0))->Execute("CREATE TABLE never (a INT)");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(MysqlErrorCode(status), kErrReadOnlyOption);
  ASSERT_TRUE(MakeWritable(*farm_, 0).ok());
}

TEST_P(MysqlTest, ASyntaxErrorDoesNotRepeatAPassword) {
  const auto session = Opened(Root(0));
  const absl::Status status = session->Execute("CREATE USER x IDENTIFIED BYE 'hunter2'");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.ToString().find("hunter2"), std::string::npos) << status;
}

TEST_P(MysqlTest, AProcedureWithSeveralResultsGivesTheFirst) {
  const auto session = Opened(Root(0));
  ASSERT_TRUE(session->Execute("DROP PROCEDURE IF EXISTS app.p").ok());
  ASSERT_TRUE(
      session->Execute("CREATE PROCEDURE app.p() BEGIN SELECT 1 AS a; SELECT 2 AS b; END").ok());
  EXPECT_EQ(Text(*session, "CALL app.p()"), "1");
  EXPECT_EQ(Text(*session, "SELECT 3"), "3");
}

TEST_P(MysqlTest, AWrongPasswordIsARejectionNotADeath) {
  ConnectOptions options = App(0);
  options.password = "wrong";
  const absl::Status status = Session::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_EQ(ClassifyContact(status), Contact::kRejected);
}

TEST_P(MysqlTest, AFullServerIsARejectionNotADeath) {
  const auto root = Opened(Root(0));
  const std::string before = Text(*root, "SELECT @@GLOBAL.max_connections");
  ASSERT_TRUE(root->Execute("SET GLOBAL max_connections = 1").ok());
  const auto extra = Session::Open(App(0));
  for (const TlsMode tls : {TlsMode::kDisabled, TlsMode::kPreferred}) {
    ConnectOptions options = App(0);
    options.tls = tls;
    const absl::Status status = Session::Open(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(ClassifyContact(status), Contact::kRejected);
    EXPECT_EQ(MysqlErrorCode(status), kErrTooManyConnections);
  }
  ASSERT_TRUE(root->Execute(absl::StrCat("SET GLOBAL max_connections = ", before)).ok());
}

TEST_P(MysqlTest, AnUnknownUserIsARejectionNotADeath) {
  for (const TlsMode tls : {TlsMode::kDisabled, TlsMode::kPreferred}) {
    ConnectOptions options = App(0);
    options.user = "nobody";
    options.tls = tls;
    EXPECT_EQ(ClassifyContact(Session::Open(options).status()), Contact::kRejected);
  }
}

TEST_P(MysqlTest, RequiredTlsIsUsedOrRefused) {
  ConnectOptions options = App(0);
  options.tls = TlsMode::kRequired;
  const auto session = Session::Open(options);
  if (IsOld()) {
    EXPECT_EQ(ErrorReason(session.status()), "TLS_NOT_OFFERED") << session.status();
    options.tls = TlsMode::kPreferred;
    EXPECT_EQ(Opened(options)->tls_cipher(), "");
  } else {
    ASSERT_TRUE(session.ok()) << session.status();
    EXPECT_NE((*session)->tls_cipher(), "");
    options.tls = TlsMode::kVerifyCa;
    options.ca_file = "/etc/ssl/certs/ca-certificates.crt";
    EXPECT_EQ(ClassifyContact(Session::Open(options).status()), Contact::kRejected);
  }
}

// The machine's bundle of them costs more than all else of a session.
TEST_P(MysqlTest, ASessionWithoutAuthoritiesOfItsOwnReadsNoneWhereTheyAreSkipped) {
  const std::string bundle = ::testing::TempDir() + "/bundle.pem";
  std::ofstream(bundle) << "none";
  setenv("SSL_CERT_FILE", bundle.c_str(), /*overwrite=*/1);  // NOLINT(concurrency-mt-unsafe)
  SkipSystemAuthorities();
  const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ASSERT_GE(inotify_add_watch(watch, bundle.c_str(), IN_OPEN), 0);
  char event[1024];
  const auto was_read = [&] { return read(watch, event, sizeof(event)) > 0; };
  EXPECT_TRUE(Opened(App(0))->Ping().ok());
  EXPECT_FALSE(was_read());
  std::ifstream again(bundle);
  EXPECT_TRUE(was_read());
  close(watch);
}

TEST_P(MysqlTest, AStatementsDeadlineIsExactAndBreaksTheSession) {
  for (const TlsMode tls : {TlsMode::kDisabled, TlsMode::kPreferred}) {
    ConnectOptions options = App(0);
    options.tls = tls;
    const auto session = Opened(options);
    session->set_statement_timeout(absl::Milliseconds(150));
    EXPECT_TRUE(session->Ping().ok());
    const absl::Duration start = Now();
    const absl::Status status = session->Execute("SELECT SLEEP(5)");
    const absl::Duration took = Now() - start;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_TRUE(IsTimeout(status)) << status;
    EXPECT_GE(took, absl::Milliseconds(149));
    EXPECT_LT(took, absl::Milliseconds(400));
    EXPECT_TRUE(session->broken());
    EXPECT_EQ(MysqlErrorCode(session->Ping()), kErrServerGone);
  }
}

TEST_P(MysqlTest, AbortFromAnotherThreadEndsAStatementAtOnce) {
  const auto session = Opened(App(0));
  std::thread other([&session, this] {
    const auto watcher = Opened(Root(0));
    while (Text(*watcher,
                "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?"
                " AND info LIKE 'SELECT SLEEP%'",
                {session->connection_id()}) == "0") {
    }
    session->Abort();
  });
  const absl::Duration start = Now();
  const absl::Status status = session->Execute("SELECT SLEEP(20)");
  other.join();
  EXPECT_EQ(ClassifyContact(status), Contact::kUnreachable) << status;
  EXPECT_FALSE(IsTimeout(status)) << status;
  EXPECT_LT(Now() - start, absl::Seconds(10));
  EXPECT_TRUE(session->broken());
}

TEST_P(MysqlTest, AKilledSessionIsBrokenForGood) {
  const auto session = Opened(App(0));
  ASSERT_TRUE(Opened(Root(0))->Execute(absl::StrCat("KILL ", session->connection_id())).ok());
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = session->Ping();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(session->broken());
  EXPECT_FALSE(session->Ping().ok());
}

TEST_P(MysqlTest, TheDeathOfAServerIsSeenOnItsSocketAtOnce) {
  for (const TlsMode tls : {TlsMode::kDisabled, TlsMode::kPreferred}) {
    ConnectOptions options = App(1);
    options.tls = tls;
    const auto session = Opened(options);
    const auto busy = Opened(options);
    absl::Status busy_status;
    std::thread worker([&] { busy_status = busy->Execute("SELECT SLEEP(30)"); });
    ASSERT_TRUE(farm_->Kill(1).ok());
    pollfd wait = {.fd = session->socket(), .events = POLLRDHUP, .revents = 0};
    EXPECT_EQ(poll(&wait, 1, 5000), 1);
    worker.join();
    EXPECT_EQ(ClassifyContact(busy_status), Contact::kUnreachable) << busy_status;
    EXPECT_FALSE(IsTimeout(busy_status)) << busy_status;
    EXPECT_TRUE(IsRefused(Session::Open(options).status()));
    ASSERT_TRUE(farm_->StartServer(1).ok());
    EXPECT_FALSE(session->Ping().ok()) << "a session must not reconnect by itself";
    ASSERT_TRUE(MakeWritable(*farm_, 1).ok());
  }
}

TEST_P(MysqlTest, AHungServerIsATimeoutAndNoRefusal) {
  const auto session = Opened(App(1));
  session->set_statement_timeout(absl::Milliseconds(200));
  ASSERT_TRUE(farm_->Pause(1).ok());
  // The kernel stops a process thread by thread, so the first may still be answered.
  absl::Status status;
  while (status.ok()) status = session->Ping();
  const absl::Status opening = Session::Open(App(1)).status();
  ASSERT_TRUE(farm_->Resume(1).ok());
  EXPECT_TRUE(IsTimeout(status)) << status;
  EXPECT_TRUE(IsTimeout(opening)) << opening;
  EXPECT_FALSE(IsRefused(opening)) << opening;
  EXPECT_EQ(ClassifyContact(opening), Contact::kUnreachable);
}

}  // namespace
}  // namespace weft::mysql
