// Dialects, replica status and GTID sets as real servers of each version have them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/model/gtid_set.h"
#include "common/mysql/dialect.h"
#include "common/mysql/mysql_fixture.h"
#include "common/mysql/replica_status.h"
#include "common/mysql/session.h"

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

TEST_P(MysqlTest, EveryVerbOfTheDialectWorks) {
  const auto source = Opened(Root(0));
  const auto replica = Opened(Root(1));
  const Dialect dialect = DialectFor(replica->version());
  ASSERT_TRUE(ReadReplicaStatus(*replica, dialect)->empty());
  EXPECT_FALSE(Text(*source, dialect.show_binary_log_status).empty());
  for (Session* session : {source.get(), replica.get()}) {
    ASSERT_TRUE(session->Execute(dialect.reset_binary_logs).ok());
  }
  const auto& login = farm_->account(Duty::kReplicate);
  ASSERT_TRUE(replica
                  ->Execute(dialect.ChangeSource({.host = farm_->server(0).host,
                                                  .port = farm_->server(0).port,
                                                  .user = login.user,
                                                  .password = login.password,
                                                  .auto_position = true,
                                                  .connect_retry = absl::Seconds(1),
                                                  .heartbeat_period = absl::Milliseconds(500),
                                                  .get_public_key = true}))
                  .ok());
  ASSERT_TRUE(replica->Execute(dialect.start_replica).ok());
  ASSERT_TRUE(source->Execute("CREATE TABLE app.replicated (a INT PRIMARY KEY)").ok());
  const GtidSet written = *GtidSet::Parse(Text(*source, "SELECT @@GLOBAL.gtid_executed"));
  const auto waited = WaitForExecuted(*replica, dialect, written, absl::Seconds(20));
  ASSERT_TRUE(waited.ok()) << waited.status();
  EXPECT_TRUE(*waited);

  const auto channels = ReadReplicaStatus(*replica, dialect);
  ASSERT_TRUE(channels.ok()) << channels.status();
  ASSERT_EQ(channels->size(), 1u);
  const ReplicaStatus& status = channels->front();
  EXPECT_EQ(status.source_port, farm_->server(0).port);
  EXPECT_EQ(status.source_uuid, farm_->server(0).uuid);
  EXPECT_EQ(status.source_user, login.user);
  EXPECT_EQ(status.receiver, ReceiverState::kRunning) << status.receiver_error;
  EXPECT_TRUE(status.applier_running) << status.applier_error;
  EXPECT_TRUE(status.auto_position);
  EXPECT_TRUE(status.executed.Contains(written));
  EXPECT_EQ(status.retrieved, written);
  EXPECT_EQ(status.connect_retry, absl::Seconds(1));
  EXPECT_EQ(source->Query(dialect.show_replicas)->size(), 1u);

  if (dialect.can.replication_tables) {
    const auto progress = ReadReceiverProgress(*replica, dialect);
    ASSERT_TRUE(progress.ok()) << progress.status();
    EXPECT_EQ(progress->at(0).received, written);
    ASSERT_TRUE(progress->at(0).silence.has_value());
    EXPECT_LT(*progress->at(0).silence, absl::Seconds(3));
    EXPECT_GE(*progress->at(0).silence, absl::ZeroDuration());
  }

  GtidSet beyond = written;
  beyond.AddInterval(farm_->server(0).uuid, "", 1000, 1000);
  EXPECT_FALSE(*WaitForExecuted(*replica, dialect, beyond, absl::Milliseconds(100)));

  ASSERT_TRUE(replica->Execute(dialect.stop_receiver).ok());
  EXPECT_EQ(ReadReplicaStatus(*replica, dialect)->at(0).receiver, ReceiverState::kStopped);
  EXPECT_TRUE(ReadReplicaStatus(*replica, dialect)->at(0).applier_running);
  if (dialect.can.receiver_only_change) {
    EXPECT_TRUE(replica->Execute(dialect.ChangeSource({.connect_retry = absl::Seconds(2)})).ok());
    EXPECT_EQ(MysqlErrorCode(replica->Execute(dialect.ChangeSource({.auto_position = true}))),
              kErrReplicaThreadRunning);
  }
  for (const absl::string_view verb :
       {dialect.start_receiver, dialect.stop_applier, dialect.start_applier, dialect.stop_replica,
        dialect.reset_replica, dialect.reset_replica_all}) {
    EXPECT_TRUE(replica->Execute(verb).ok()) << verb;
  }
  EXPECT_TRUE(ReadReplicaStatus(*replica, dialect)->empty());
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
