// The Docker provider on a real engine: the suite of all providers, and the story of a MySQL server
// that is made, reached, saved and made again. Where no engine can run this is said loudly, and
// counts as skipped.
#include <cstdio>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/provisioner/providers/docker/provider.h"
#include "tests/contract/provider_contract.h"
#include "tests/integration/docker_engine.h"
#include "tests/integration/docker_sql.h"

namespace weft::provisioner {
namespace {

std::string Ask(mysql::Session& session, absl::string_view sql) {
  const auto rows = session.Query(sql);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() && !rows->empty() ? rows->front().StringOr("answer", "") : "";
}

// One for all tests, since it takes seconds to start; nullptr where none can run.
DockerEngine* Engine() {
  static DockerEngine* const engine = [] {
    auto started = DockerEngine::Start();
    if (!started.ok()) {
      std::fprintf(stderr,
                   "\n*** NOT RUN: no Docker engine can run here, so the provider is not tested "
                   "against a real one.\n*** Why: %s\n\n",
                   std::string(started.status().message()).c_str());
    }
    return started.ok() ? started->release() : nullptr;
  }();
  return engine;
}

class Stopper : public ::testing::Environment {
 public:
  void TearDown() override { delete Engine(); }
};

class RealDocker : public ProviderUnderTest {
 public:
  explicit RealDocker(const ProviderRecord& record) : record_(record) {
    auto provider = NewDockerProvider(record_, RealClock::Get());
    EXPECT_TRUE(provider.ok()) << provider.status();
    healthy_ = *std::move(provider);
    current_ = healthy_.get();
  }
  ~RealDocker() override {
    const auto machines = healthy_->Search({}, {}, Soon());
    const auto snapshots = healthy_->ListSnapshots("", Soon());
    EXPECT_TRUE(machines.ok() && snapshots.ok());
    for (const Machine& machine : *machines) {
      EXPECT_TRUE(healthy_->Destroy(machine.uuid, Soon()).ok());
    }
    for (const MachineSnapshot& snapshot : *snapshots) {
      EXPECT_TRUE(healthy_->DestroySnapshot(snapshot.name, Soon()).ok());
    }
  }

  Provider& provider() override { return *current_; }
  std::string provider_id() override { return record_.id; }
  MachineOrder Order() override {
    MachineOrder order{.uuid = RandomUuid(), .image = {{"name", "weft/mysql"}}};
    // A port of the host that the engine itself listens on: there is no second one.
    if (trouble_ == Trouble::kQuota) order.meta = {{"ports", Engine()->tls_address() + ":33060"}};
    if (trouble_ == Trouble::kNeverRuns) order.meta = {{"command", "--no-such-option"}};
    return order;
  }
  MachineOrder OrderOfUnknownImage() override {
    return {.uuid = RandomUuid(), .image = {{"name", "nobody/has-that"}}};
  }
  bool offers_snapshots() override { return true; }
  bool Stage(Trouble trouble) override {
    trouble_ = trouble;
    current_ = healthy_.get();
    ProviderRecord other = record_;
    if (trouble == Trouble::kUnreachable) {
      other.url = "unix:///tmp/nobody-listens-here.sock";
    } else if (trouble == Trouble::kWrongCredentials && record_.extra.contains("key_file")) {
      // The engine asks for a certificate.
      other.extra.erase("certificate_file");
      other.extra.erase("key_file");
    } else {
      return trouble == Trouble::kNone || trouble == Trouble::kQuota ||
             trouble == Trouble::kNeverRuns;
    }
    wrong_ = *NewDockerProvider(other, RealClock::Get());
    current_ = wrong_.get();
    return true;
  }

 private:
  const ProviderRecord record_;
  std::unique_ptr<Provider> healthy_, wrong_;
  Provider* current_ = nullptr;
  Trouble trouble_ = Trouble::kNone;
};

std::unique_ptr<ProviderUnderTest> Make(ProviderRecord (DockerEngine::*record)() const) {
  if (Engine() == nullptr) return nullptr;
  return std::make_unique<RealDocker>((Engine()->*record)());
}

INSTANTIATE_TEST_SUITE_P(
    RealEngine, ProviderContract,
    ::testing::Values(ProviderMaker{"OverAUnixSocket",
                                    [] { return Make(&DockerEngine::OverSocket); }},
                      ProviderMaker{"OverTls", [] { return Make(&DockerEngine::OverTls); }}),
    ProviderName);

class DockerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Engine() == nullptr) GTEST_SKIP() << "NOT RUN: no Docker engine can run here";
    docker_ = std::make_unique<RealDocker>(Engine()->OverSocket());
  }
  Deadline Soon() { return docker_->Soon(absl::Minutes(1)); }
  Provider& provider() { return docker_->provider(); }

  // Logs in as the account that the order's user data made, once the server answers.
  std::unique_ptr<mysql::Session> Connect(const Machine& machine) {
    mysql::ConnectOptions options;
    options.host = machine.addresses.front().host;
    options.port = machine.addresses.front().port;
    options.user = "app";
    options.password = "of-the-app";
    const Deadline deadline = Soon();
    while (true) {
      auto session = mysql::Session::Open(options);
      if (session.ok()) return *std::move(session);
      if (deadline.Passed()) {
        ADD_FAILURE() << session.status();
        return nullptr;
      }
      RealClock::Get()->Sleep(absl::Milliseconds(200));
    }
  }

  std::unique_ptr<RealDocker> docker_;
};

TEST_F(DockerTest, MakesAServerSavesItAndMakesAnotherOfWhatWasSaved) {
  MachineOrder order = docker_->Order();
  order.user_data = kMakeAccount;
  order.flavor = {{"memory", "700m"}, {"cpus", "1.5"}};
  order.meta = {{"command", "--server-id=7 --skip-log-bin"}, {"role", "first"}};
  const auto machine = provider().Create(order, Soon());
  ASSERT_TRUE(machine.ok()) << DescribeError(machine.status());
  EXPECT_EQ(machine->meta, (Properties{{"role", "first"}}));
  ASSERT_FALSE(machine->addresses.empty());
  EXPECT_TRUE(machine->addresses.front().is_public);
  EXPECT_EQ(machine->addresses.front().host, "127.0.0.1");

  const auto session = Connect(*machine);
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(Ask(*session, kServerId), "7");
  ASSERT_TRUE(session->Execute(kMakeTable).ok());
  ASSERT_TRUE(session->Execute(kInsert).ok());

  const auto snapshot =
      provider().CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {Soon()});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  EXPECT_GT(snapshot->bytes, 10u << 20);
  // The machine goes on after it; what it writes from now on is not in the snapshot.
  ASSERT_TRUE(session->Execute(kInsert).ok());
  EXPECT_EQ(Ask(*session, kCount), "2");

  MachineOrder second = docker_->Order();
  const auto restored = provider().Restore(snapshot->name, second, {Soon()});
  ASSERT_TRUE(restored.ok()) << DescribeError(restored.status());
  const auto other = Connect(*restored);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(Ask(*other, kCount), "1");
  // A server of its own, that can replicate with the first.
  EXPECT_EQ(Ask(*other, kServerUuid), second.uuid);
  EXPECT_NE(Ask(*session, kServerUuid), second.uuid);

  ASSERT_TRUE(provider().Destroy(order.uuid, Soon()).ok());
  EXPECT_FALSE(session->Ping().ok());
  EXPECT_EQ(Ask(*other, kCount), "1");
}

TEST_F(DockerTest, RestoresAReplicaThatDoesNotReplicate) {
  MachineOrder order = docker_->Order();
  order.user_data = kMakeAccount;
  // Not of the host's name, which each container has its own of.
  order.meta = {{"command", "--relay-log=relay --relay-log-recovery=ON"}};
  const auto machine = provider().Create(order, Soon());
  ASSERT_TRUE(machine.ok()) << DescribeError(machine.status());
  const auto session = Connect(*machine);
  ASSERT_NE(session, nullptr);
  for (const char* const statement : {kPersist, kFollow, kStartChannel}) {
    const absl::Status done = session->Execute(statement);
    ASSERT_TRUE(done.ok()) << done;
  }
  EXPECT_EQ(Ask(*session, kReceiver), "CONNECTING");
  const auto snapshot =
      provider().CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {Soon()});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());

  order.uuid = RandomUuid();
  const auto restored = provider().Restore(snapshot->name, order, {Soon()});
  ASSERT_TRUE(restored.ok()) << DescribeError(restored.status());
  const auto other = Connect(*restored);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(Ask(*other, kReceiver), "OFF");
  EXPECT_EQ(Ask(*other, kMaxConnections), "77");
}

TEST_F(DockerTest, SaysThatASnapshotIsDamaged) {
  const MachineOrder order = docker_->Order();
  ASSERT_TRUE(provider().Create(order, Soon()).ok());
  const auto snapshot =
      provider().CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {Soon()});
  ASSERT_TRUE(snapshot.ok()) << DescribeError(snapshot.status());
  const std::string path =
      Engine()->File(absl::StrCat("data/volumes/", snapshot->name, "/_data/ibdata1"));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(file.seekp(4096).good());
  file.put('x');
  file.close();
  const MachineOrder second = docker_->Order();
  const auto restored = provider().Restore(snapshot->name, second, {Soon()});
  EXPECT_EQ(ErrorReason(restored.status()), "SNAPSHOT_DAMAGED") << restored.status();
  // What is half made is listed, and is never started.
  const auto half = provider().Get(second.uuid, Soon());
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(half->state, MachineState::kPending);
  EXPECT_TRUE(provider().Destroy(second.uuid, Soon()).ok());
}

TEST_F(DockerTest, TrustsOnlyAnEngineThatItsAuthorityVouchesFor) {
  ProviderRecord record = Engine()->OverTls();
  EXPECT_TRUE((*NewDockerProvider(record, RealClock::Get()))->Check(Soon()).ok());
  record.extra["ca_file"] = Engine()->File("client.pem");
  const absl::Status status = (*NewDockerProvider(record, RealClock::Get()))->Check(Soon());
  EXPECT_EQ(ErrorReason(status), "PROVIDER_UNREACHABLE") << DescribeError(status);
}

const auto* const kStopper = ::testing::AddGlobalTestEnvironment(new Stopper);

}  // namespace
}  // namespace weft::provisioner
