// The monitor's watcher and reporter against real servers and a controller that listens.

#include "services/monitor/monitor.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/mysql/dialect.h"
#include "common/mysql/session.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "services/monitor/beat_log.h"
#include "services/monitor/prober.h"
#include "services/monitor/pulse.h"
#include "tests/integration/monitor_sql.h"

namespace weft::monitor {
namespace {

// A controller's ear: says what to watch, and keeps what it hears.
class Ear : public v1::Health::Service {
 public:
  explicit Ear(v1::WatchList list) : list_(std::move(list)) {}

  grpc::Status Report(grpc::ServerContext*,
                      grpc::ServerReaderWriter<v1::WatchList, v1::HealthReport>* stream) override {
    stream->Write(list_);
    v1::HealthReport report;
    while (stream->Read(&report)) {
      MutexLock lock(&mutex_);
      for (const v1::ServerReport& server : report.servers()) heard_[server.uuid()] = server;
      heard_something_.NotifyAll();
    }
    return grpc::Status::OK;
  }

  // Blocks until the last report on `uuid` is of `contact`; false after `timeout`.
  bool Await(const std::string& uuid, v1::ServerReport::Contact contact, absl::Duration timeout) {
    const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
    MutexLock lock(&mutex_);
    while (heard_[uuid].contact() != contact && !deadline.Passed()) {
      heard_something_.WaitFor(&mutex_, deadline.Remaining());
    }
    return heard_[uuid].contact() == contact;
  }

  v1::ServerReport Last(const std::string& uuid) {
    MutexLock lock(&mutex_);
    return heard_[uuid];
  }

 private:
  const v1::WatchList list_;
  Mutex mutex_;
  CondVar heard_something_;
  std::map<std::string, v1::ServerReport> heard_ ABSL_GUARDED_BY(mutex_);
};

class MonitorTest : public ::testing::Test {
 protected:
  void StartOn(const weft::testing::TestFarmOptions& options) {
    auto farm = weft::testing::TestFarm::Start(options);
    ASSERT_TRUE(farm.ok()) << farm.status();
    farm_ = std::move(*farm);
    v1::WatchList list;
    for (const auto& server : farm_->servers()) {
      v1::WatchedServer* watched = list.add_servers();
      watched->set_uuid(server.uuid);
      watched->set_address(server.address);
    }
    ear_ = std::make_unique<Ear>(list);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(ear_.get());
    controller_ = builder.BuildAndStart();
    ASSERT_NE(controller_, nullptr);
    StartMonitor(port, farm_->account(Duty::kMonitor).password);
  }

  void StartMonitor(int port, const std::string& password) {
    Monitor::Options options;
    options.observer = "m1";
    options.watcher.prober.user = farm_->account(Duty::kMonitor).user;
    options.watcher.prober.password = [password] { return password; };
    rpc::ChannelOptions channel;
    channel.address = "127.0.0.1:" + std::to_string(port);
    options.controllers.push_back(channel);
    auto monitor = Monitor::Start(options, &metrics_, RealClock::Get());
    ASSERT_TRUE(monitor.ok()) << monitor.status();
    monitor_ = std::move(*monitor);
  }

  void TearDown() override {
    monitor_.reset();
    if (controller_ != nullptr) controller_->Shutdown();
  }

  std::string Uuid(int index) const { return farm_->server(index).uuid; }

  bool Await(int index, v1::ServerReport::Contact contact,
             absl::Duration timeout = absl::Seconds(10)) {
    return ear_->Await(Uuid(index), contact, timeout);
  }

  HostPort Address(int index) const {
    return {"127.0.0.1", static_cast<uint16_t>(farm_->server(index).port)};
  }

  // As the monitor m1 looks at servers.
  Prober::Options Probing(BeatLog* beats) const {
    Prober::Options options;
    options.user = farm_->account(Duty::kMonitor).user;
    options.password = [this] { return farm_->account(Duty::kMonitor).password; };
    options.observer = "m1";
    options.beats = beats;
    return options;
  }

  std::unique_ptr<weft::testing::TestFarm> farm_;
  std::unique_ptr<Ear> ear_;
  std::unique_ptr<grpc::Server> controller_;
  rpc::Metrics metrics_;
  std::unique_ptr<Monitor> monitor_;
};

TEST_F(MonitorTest, ReportsAKilledServerAtOnceAndItsReturn) {
  StartOn({.servers = 2});
  ASSERT_TRUE(Await(0, v1::ServerReport::ANSWERED));
  ASSERT_TRUE(Await(1, v1::ServerReport::ANSWERED));

  ASSERT_TRUE(farm_->Kill(0).ok());
  EXPECT_TRUE(Await(0, v1::ServerReport::UNREACHABLE, absl::Milliseconds(400)));
  EXPECT_TRUE(ear_->Last(Uuid(0)).refused());
  EXPECT_EQ(ear_->Last(Uuid(1)).contact(), v1::ServerReport::ANSWERED);

  ASSERT_TRUE(farm_->StartServer(0).ok());
  EXPECT_TRUE(Await(0, v1::ServerReport::ANSWERED));
}

TEST_F(MonitorTest, ReportsAHungServerWithinThreeSecondsAndItsWaking) {
  StartOn({.servers = 1});
  ASSERT_TRUE(Await(0, v1::ServerReport::ANSWERED));
  ASSERT_TRUE(farm_->Pause(0).ok());
  EXPECT_TRUE(Await(0, v1::ServerReport::UNREACHABLE, absl::Seconds(3)));
  EXPECT_FALSE(ear_->Last(Uuid(0)).refused());
  ASSERT_TRUE(farm_->Resume(0).ok());
  EXPECT_TRUE(Await(0, v1::ServerReport::ANSWERED, absl::Seconds(3)));
}

TEST_F(MonitorTest, AFullServerIsRejectingNotDead) {
  StartOn({.servers = 1, .extra_cnf = {"max_connections=3"}});
  ASSERT_TRUE(Await(0, v1::ServerReport::ANSWERED));
  // Fill the server, then take the monitor's own session away.
  mysql::ConnectOptions connect;
  connect.port = farm_->server(0).port;
  connect.user = farm_->app().user;
  connect.password = farm_->app().password;
  monitor_.reset();
  std::vector<std::unique_ptr<mysql::Session>> sessions;
  for (int i = 0; i < 3; ++i) {
    auto session = mysql::Session::Open(connect);
    ASSERT_TRUE(session.ok()) << session.status();
    sessions.push_back(std::move(*session));
  }
  BeatLog beats(RealClock::Get());
  Prober prober(Probing(&beats), Address(0), RealClock::Get());
  EXPECT_EQ(prober.Probe().contact, Contact::kRejected);
  sessions.clear();
}

TEST_F(MonitorTest, AWrongPasswordIsNotDeath) {
  StartOn({.servers = 1});
  Prober prober({.user = farm_->account(Duty::kMonitor).user,
                 .password = [] { return std::string("wrong"); }},
                Address(0), RealClock::Get());
  const Sample sample = prober.Probe();
  EXPECT_EQ(sample.contact, Contact::kRejected);
  EXPECT_EQ(sample.error.find("wrong"), std::string::npos) << "no password in messages";
}

TEST_F(MonitorTest, AReplicaIsBehindByFractionsOfASecond) {
  StartOn({.servers = 2});
  ASSERT_TRUE(farm_->Sql(0, std::string(sql::kOpen)).ok());
  const weft::testing::TestAccount& replicate = farm_->account(Duty::kReplicate);
  const mysql::Dialect dialect = mysql::DialectFor(*mysql::ParseServerVersion("9.7.0"));
  ASSERT_TRUE(farm_
                  ->Sql(1, absl::StrCat(dialect.ChangeSource({.host = "127.0.0.1",
                                                              .port = farm_->server(0).port,
                                                              .user = replicate.user,
                                                              .password = replicate.password,
                                                              .auto_position = true,
                                                              .get_public_key = true}),
                                        "; ", dialect.start_replica))
                  .ok());
  BeatLog beats(RealClock::Get());
  PulseWriter writer(Probing(&beats), Address(0), RealClock::Get());
  Prober prober(Probing(&beats), Address(1), RealClock::Get());
  // Until it shows the newest heartbeat.
  const auto catch_up = [&] {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(20));
    std::optional<absl::Duration> lag;
    while (lag != absl::ZeroDuration() && !deadline.Passed()) {
      writer.Write(/*epoch=*/1);
      RealClock::Get()->Sleep(absl::Milliseconds(50));
      lag = prober.Probe().replication.lag;
    }
    return lag;
  };
  ASSERT_EQ(catch_up(), absl::ZeroDuration());

  ASSERT_TRUE(farm_->Sql(1, std::string(sql::kStopApplier)).ok());
  constexpr absl::Duration kBehind = absl::Milliseconds(300);
  const Deadline since = Deadline::After(RealClock::Get(), absl::Seconds(100));
  writer.Write(/*epoch=*/1);
  RealClock::Get()->Sleep(kBehind);  // what is to be measured, not a wait for anything
  const std::optional<absl::Duration> lag = prober.Probe().replication.lag;
  ASSERT_TRUE(lag.has_value());
  EXPECT_GE(*lag, kBehind);
  EXPECT_LE(*lag, absl::Seconds(100) - since.Remaining());

  ASSERT_TRUE(farm_->Sql(1, std::string(sql::kStartApplier)).ok());
  EXPECT_EQ(catch_up(), absl::ZeroDuration());
}

TEST_F(MonitorTest, AHeartbeatIsWrittenAndALockOnEverythingFailsIt) {
  StartOn({.servers = 1});
  ASSERT_TRUE(farm_->Sql(0, std::string(sql::kOpen)).ok());
  BeatLog beats(RealClock::Get());
  PulseWriter writer(Probing(&beats), Address(0), RealClock::Get());
  const uint64_t before = beats.Next();
  writer.Write(/*epoch=*/7);
  EXPECT_EQ(writer.Now(), (Pulse{.probed = true, .failing = std::nullopt, .error = ""}));
  const uint64_t between = beats.Next();
  writer.Write(/*epoch=*/7);
  const uint64_t after = beats.Next();
  // One row, which bears the second heartbeat.
  const std::vector<std::string> row =
      absl::StrSplit(*farm_->Sql(0, absl::StrFormat(sql::kReadHeartbeat, before)), '\t');
  ASSERT_EQ(row.size(), 3u);
  EXPECT_EQ(row[0], "m1");
  EXPECT_EQ(row[1], "7");
  uint64_t since = 0;
  ASSERT_TRUE(absl::SimpleAtoi(row[2], &since)) << row[2];
  EXPECT_GT(before + since, between);
  EXPECT_LT(before + since, after);

  mysql::ConnectOptions connect;
  connect.unix_socket = farm_->server(0).socket;
  connect.user = "root";
  const auto locker = mysql::Session::Open(connect);
  ASSERT_TRUE(locker.ok()) << locker.status();
  ASSERT_TRUE((*locker)->Execute(sql::kLockEverything).ok());
  writer.Write(/*epoch=*/7);
  EXPECT_TRUE(writer.Now().failing.has_value());
  EXPECT_NE(writer.Now().error, "");
  ASSERT_TRUE((*locker)->Execute(sql::kUnlock).ok());

  // Closed meanwhile it is not well for that, nor does its time go on.
  ASSERT_TRUE(farm_->Sql(0, std::string(sql::kClose)).ok());
  writer.Write(/*epoch=*/7);
  const Pulse closed = writer.Now();
  EXPECT_TRUE(closed.failing.has_value());
  writer.Write(/*epoch=*/7);
  EXPECT_EQ(writer.Now(), closed);

  ASSERT_TRUE(farm_->Sql(0, std::string(sql::kOpen)).ok());
  writer.Write(/*epoch=*/7);
  EXPECT_FALSE(writer.Now().failing.has_value());
  ASSERT_TRUE(farm_->Sql(0, std::string(sql::kClose)).ok());
  writer.Write(/*epoch=*/7);
  EXPECT_FALSE(writer.Now().failing.has_value()) << "it was well when it was closed";
}

TEST_F(MonitorTest, WatchesMySql56AsWell) {
  StartOn({.servers = 1, .version = "5.6"});
  ASSERT_TRUE(Await(0, v1::ServerReport::ANSWERED));
  EXPECT_FALSE(ear_->Last(Uuid(0)).writable());
  ASSERT_TRUE(farm_->Kill(0).ok());
  EXPECT_TRUE(Await(0, v1::ServerReport::UNREACHABLE, absl::Milliseconds(400)));
}

}  // namespace
}  // namespace weft::monitor
