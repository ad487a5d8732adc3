// Dialects, replica status and GTID sets as real servers of each version have them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/model/gtid_set.h"
#include "common/mysql/dialect.h"
#include "common/mysql/replica_status.h"
#include "common/mysql/session.h"
#include "common/mysql/testing/mysql_fixture.h"

namespace weft::mysql {
namespace {

WEFT_INSTANTIATE_MYSQL_TESTS();

// Sets of a random size over two uuids and, where the server knows them, a tag.
GtidSet RandomSet(std::mt19937& random, bool tags) {
  static constexpr const char* kUuids[] = {"3e11fa47-71ca-11e1-9e33-c80aa9429562",
                                           "00000000-71ca-11e1-9e33-c80aa9429562"};
  GtidSet set;
  for (unsigned i = 0, count = random() % 6; i < count; ++i) {
    const uint64_t first = 1 + random() % 12;
    set.AddInterval(kUuids[random() % 2], tags && random() % 3 == 0 ? "tag_1" : "", first,
                    first + random() % 4);
  }
  return set;
}

TEST_P(MysqlTest, GtidSetsAgreeWithTheServersArithmeticAndSpelling) {
  const auto session = Opened(App(0));
  const bool tags = DialectFor(session->version()).can.gtid_tags;
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const GtidSet a = RandomSet(random, tags);
    const GtidSet b = RandomSet(random, tags);
    const auto rows =
        session->Query("SELECT GTID_SUBTRACT(?, ?) AS minus, GTID_SUBSET(?, ?) AS contained",
                       {a.ToString(), b.ToString(), b.ToString(), a.ToString()});
    ASSERT_TRUE(rows.ok()) << rows.status();
    std::string minus = *rows->front().String("minus");
    minus.erase(std::remove(minus.begin(), minus.end(), '\n'), minus.end());
    ASSERT_EQ(a.Minus(b).ToString(), minus) << a.ToString() << " minus " << b.ToString();
    ASSERT_EQ(a.Contains(b), *rows->front().Bool("contained"))
        << a.ToString() << " contains " << b.ToString();
  }
  EXPECT_TRUE(GtidSet::Parse(Text(*session, "SELECT @@GLOBAL.gtid_executed")).ok());
}

// A source and a replica of it, both with empty binary logs, until the end of a test.
class Pair {
 public:
  Pair(const TestFarm& farm, std::unique_ptr<Session> source, std::unique_ptr<Session> replica)
      : source_(std::move(source)),
        replica_(std::move(replica)),
        dialect_(DialectFor(replica_->version())) {
    for (Session* session : {source_.get(), replica_.get()}) {
      EXPECT_TRUE(session->Execute(dialect_.reset_binary_logs).ok());
    }
    const auto& login = farm.account(Duty::kReplicate);
    Expect(dialect_.ChangeSource({.host = farm.server(0).host,
                                  .port = farm.server(0).port,
                                  .user = login.user,
                                  .password = login.password,
                                  .auto_position = true,
                                  .connect_retry = absl::Seconds(1),
                                  .heartbeat_period = absl::Milliseconds(500),
                                  .get_public_key = true}));
    Expect(dialect_.start_replica);
  }

  ~Pair() {
    Expect(dialect_.stop_replica);
    Expect(dialect_.reset_replica_all);
    Expect("DROP DATABASE IF EXISTS replicated");
    EXPECT_TRUE(source_->Execute("DROP DATABASE IF EXISTS replicated").ok());
  }

  // Writes on the source and waits until the replica has it; gives all that is written.
  GtidSet Write() {
    EXPECT_TRUE(source_->Execute("CREATE DATABASE replicated").ok());
    const auto rows = source_->Query("SELECT @@GLOBAL.gtid_executed AS executed");
    const GtidSet written = *GtidSet::Parse(*rows->front().String("executed"));
    const auto waited = WaitForExecuted(*replica_, dialect_, written, absl::Seconds(20));
    EXPECT_TRUE(waited.ok() && *waited) << waited.status();
    return written;
  }

  // Runs a statement on the replica.
  void Expect(absl::string_view sql) {
    const absl::Status status = replica_->Execute(sql);
    EXPECT_TRUE(status.ok()) << status << " in " << sql;
  }

  ReplicaStatus Status() {
    const auto channels = ReadReplicaStatus(*replica_, dialect_);
    EXPECT_TRUE(channels.ok() && channels->size() == 1) << channels.status();
    return channels.ok() && !channels->empty() ? channels->front() : ReplicaStatus{};
  }

  Session& source() { return *source_; }
  Session& replica() { return *replica_; }
  const Dialect& dialect() const { return dialect_; }

 private:
  const std::unique_ptr<Session> source_;
  const std::unique_ptr<Session> replica_;
  const Dialect dialect_;
};

TEST_P(MysqlTest, AReplicasStatusSaysWhatIsTrue) {
  Pair pair(*farm_, Opened(Root(0)), Opened(Root(1)));
  const GtidSet written = pair.Write();
  const ReplicaStatus status = pair.Status();
  EXPECT_EQ(status.source_host, farm_->server(0).host);
  EXPECT_EQ(status.source_port, farm_->server(0).port);
  EXPECT_EQ(status.source_uuid, farm_->server(0).uuid);
  EXPECT_EQ(status.source_user, farm_->account(Duty::kReplicate).user);
  EXPECT_EQ(status.receiver, ReceiverState::kRunning) << status.receiver_error;
  EXPECT_TRUE(status.applier_running) << status.applier_error;
  EXPECT_TRUE(status.auto_position);
  EXPECT_EQ(status.retrieved, written);
  EXPECT_TRUE(status.executed.Contains(written));
  EXPECT_EQ(status.connect_retry, absl::Seconds(1));
  EXPECT_EQ(pair.source().Query(pair.dialect().show_replicas)->size(), 1u);
  EXPECT_EQ(pair.source().Query(pair.dialect().show_binary_log_status)->size(), 1u);
}

TEST_P(MysqlTest, AReceiverTellsHowLongItsSourceWasSilent) {
  Pair pair(*farm_, Opened(Root(0)), Opened(Root(1)));
  const GtidSet written = pair.Write();
  const auto progress = ReadReceiverProgress(pair.replica(), pair.dialect());
  if (!pair.dialect().can.replication_tables) {
    EXPECT_EQ(progress.status().code(), absl::StatusCode::kUnimplemented);
    return;
  }
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->at(0).received, written);
  ASSERT_TRUE(progress->at(0).silence.has_value());
  EXPECT_LT(*progress->at(0).silence, absl::Seconds(5));
  EXPECT_GE(*progress->at(0).silence, absl::ZeroDuration());
}

TEST_P(MysqlTest, WaitingForTransactionsEndsByThemOrByTime) {
  Pair pair(*farm_, Opened(Root(0)), Opened(Root(1)));
  GtidSet set = pair.Write();
  EXPECT_TRUE(*WaitForExecuted(pair.replica(), pair.dialect(), GtidSet(), absl::ZeroDuration()));
  EXPECT_TRUE(*WaitForExecuted(pair.replica(), pair.dialect(), set, absl::ZeroDuration()));
  pair.Expect(pair.dialect().stop_applier);
  EXPECT_TRUE(*WaitForExecuted(pair.replica(), pair.dialect(), set, absl::Milliseconds(10)));
  pair.Expect(pair.dialect().start_applier);
  set.AddInterval(farm_->server(0).uuid, "", 1000, 1000);
  EXPECT_FALSE(*WaitForExecuted(pair.replica(), pair.dialect(), set, absl::Milliseconds(100)));
}

TEST_P(MysqlTest, TheReceiverStopsAndChangesAlone) {
  Pair pair(*farm_, Opened(Root(0)), Opened(Root(1)));
  pair.Write();
  pair.Expect(pair.dialect().stop_receiver);
  EXPECT_EQ(pair.Status().receiver, ReceiverState::kStopped);
  EXPECT_TRUE(pair.Status().applier_running);
  if (pair.dialect().can.receiver_only_change) {
    pair.Expect(pair.dialect().ChangeSource({.connect_retry = absl::Seconds(2)}));
    EXPECT_EQ(pair.Status().connect_retry, absl::Seconds(2));
    EXPECT_EQ(MysqlErrorCode(
                  pair.replica().Execute(pair.dialect().ChangeSource({.auto_position = true}))),
              kErrReplicaThreadRunning);
  }
  pair.Expect(pair.dialect().start_receiver);
  pair.Expect(pair.dialect().stop_replica);
  pair.Expect(pair.dialect().reset_replica);
  EXPECT_EQ(pair.Status().receiver, ReceiverState::kStopped);
}

TEST_P(MysqlTest, AServerThatReplicatesNothingHasNoStatus) {
  const auto session = Opened(Root(1));
  EXPECT_TRUE(ReadReplicaStatus(*session, DialectFor(session->version()))->empty());
}

TEST_P(MysqlTest, TheDialectsVariablesExist) {
  const auto session = Opened(Root(0));
  const Dialect dialect = DialectFor(session->version());
  for (const absl::string_view name : {dialect.net_timeout, dialect.log_replica_updates,
                                       dialect.parallel_workers, dialect.skip_replica_start}) {
    if (name.empty()) continue;  // this version has no such variable
    EXPECT_EQ(session->Query("SHOW GLOBAL VARIABLES LIKE ?", {name})->size(), 1u) << name;
  }
}

TEST_P(MysqlTest, SemiSyncNamesAreThoseOfTheLoadedPlugins) {
  if (!farm_->installation().has_plugins) GTEST_SKIP() << "this MySQL ships no plugins";
  const auto session = Opened(Root(0));
  const SemiSyncNames names = DialectFor(session->version()).semisync;
  const std::pair<absl::string_view, absl::string_view> plugins[] = {
      {names.source_plugin, names.source_library}, {names.replica_plugin, names.replica_library}};
  for (const auto& [plugin, library] : plugins) {
    const absl::Status status =
        session->Execute(absl::StrCat("INSTALL PLUGIN ", plugin, " SONAME ", QuoteString(library)));
    EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
  }
  const auto variables = session->Query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'");
  ASSERT_TRUE(variables.ok());
  const SemiSyncLoaded loaded = FindSemiSync(*variables);
  EXPECT_EQ(loaded.source, &kSemiSyncModern);
  EXPECT_EQ(loaded.replica, &kSemiSyncModern);
  for (const absl::string_view name :
       {names.source_enabled, names.source_timeout, names.source_wait_count,
        names.source_wait_no_replica, names.source_wait_point, names.replica_enabled}) {
    EXPECT_EQ(session->Query("SHOW GLOBAL VARIABLES LIKE ?", {name})->size(), 1u) << name;
  }
  for (const absl::string_view name :
       {names.source_status, names.source_clients, names.source_yes_transactions,
        names.source_no_transactions, names.replica_status}) {
    EXPECT_EQ(session->Query("SHOW GLOBAL STATUS LIKE ?", {name})->size(), 1u) << name;
  }
}

}  // namespace
}  // namespace weft::mysql
