#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "services/provisioner/providers/docker/provider.h"
#include "services/provisioner/providers/testing/fake_docker.h"
#include "tests/contract/cloud_under_test.h"

namespace weft::provisioner {
namespace {

class Docker : public CloudUnderTest {
 public:
  explicit Docker(const testing::FakeHttp::Options& options) : engine_(options) {
    engine_.AddImage("weft/mysql:9.7");
    Serve(&engine_.http(), {.id = "engine", .type = "docker", .extra = {{"publish", "127.0.0.1"}}},
          [](const ProviderRecord& record) { return NewDockerProvider(record, RealClock::Get()); });
  }

  MachineOrder Order() override {
    return {.uuid = RandomUuid(), .image = {{"name", "weft/mysql"}}};
  }
  MachineOrder OrderOfUnknownImage() override {
    return {.uuid = RandomUuid(), .image = {{"name", "nobody/has-that"}}};
  }
  bool offers_snapshots() override { return true; }
  bool StageInside(Trouble trouble) override {
    engine_.SetFull(trouble == Trouble::kQuota);
    engine_.SetNeverRun(trouble == Trouble::kNeverRuns);
    return true;
  }

  testing::FakeDocker& engine() { return engine_; }

 private:
  testing::FakeDocker engine_;
};

INSTANTIATE_TEST_SUITE_P(
    Docker, ProviderContract,
    ::testing::Values(ProviderMaker{"OverTcp",
                                    [] {
                                      return std::make_unique<Docker>(testing::FakeHttp::Options{});
                                    }},
                      ProviderMaker{"OverAUnixSocket",
                                    [] {
                                      return std::make_unique<Docker>(testing::FakeHttp::Options{
                                          .unix_socket = absl::StrCat("/tmp/weft-docker-",
                                                                      RandomHex(4), ".sock")});
                                    }}),
    ProviderName);

TEST(DockerFakeTest, KeepsAPortThatIsItsOwnAndTakesTheNextWhereThatIsTaken) {
  Docker docker({});
  const MachineOrder first = docker.Order();
  const auto machine = docker.provider().Create(first, docker.Soon());
  ASSERT_TRUE(machine.ok()) << machine.status();
  const int port = machine->addresses.front().port;
  EXPECT_GE(port, 21000);
  EXPECT_LE(port, 25999);
  ASSERT_TRUE(docker.provider().Destroy(first.uuid, docker.Soon()).ok());

  docker.engine().TakePort(absl::StrCat(port));
  const auto again = docker.provider().Create(first, docker.Soon());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state, MachineState::kRunning);
  EXPECT_EQ(again->addresses.front().port, port == 25999 ? 21000 : port + 1);
  EXPECT_EQ(docker.engine().containers(), 1u);
}

TEST(DockerFakeTest, AsksForAVersionOfTheApiThatTheEngineTakes) {
  Docker later({}), older({});
  later.engine().SetVersions(44, 52);
  const auto machine = later.provider().Create(later.Order(), later.Soon());
  EXPECT_TRUE(machine.ok()) << DescribeError(machine.status());
  older.engine().SetVersions(12, 40);
  const absl::Status refused = older.provider().Check(older.Soon());
  EXPECT_EQ(ErrorReason(refused), "PROVIDER_REFUSED");
  EXPECT_TRUE(absl::StrContains(DescribeError(refused), "1.40")) << DescribeError(refused);
}

TEST(DockerFakeTest, PutsUserDataIntoPlaceBeforeTheFirstStart) {
  Docker docker({});
  MachineOrder sql = docker.Order(), script = docker.Order();
  sql.user_data = "CREATE USER app";
  script.user_data = "#!/bin/sh\n";
  ASSERT_TRUE(docker.provider().Create(sql, docker.Soon()).ok());
  ASSERT_TRUE(docker.provider().Create(script, docker.Soon()).ok());
  const std::string folder = "/docker-entrypoint-initdb.d/";
  const auto files = docker.engine().Files("machine-" + sql.uuid);
  EXPECT_EQ(files.at(folder + "user-data.sql"), sql.user_data);
  EXPECT_EQ(docker.engine().Files("machine-" + script.uuid).count(folder + "user-data.sh"), 1u);
}

TEST(DockerFakeTest, SavesTwiceAndLeavesNothingOfWhatIsDestroyed) {
  Docker docker({});
  const MachineOrder order = docker.Order(), other = docker.Order();
  Provider& provider = docker.provider();
  ASSERT_TRUE(provider.Create(order, docker.Soon()).ok());
  docker.engine().WriteData("machine-" + order.uuid, "first");
  const auto first =
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {docker.Soon()});
  docker.engine().WriteData("machine-" + order.uuid, "second");
  const auto second =
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {docker.Soon()});
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_NE(first->name, second->name);
  // Not torn: the machine stood still while it was read.
  EXPECT_EQ(docker.engine().VolumeData(first->name), "first");
  EXPECT_EQ(docker.engine().VolumeData(second->name), "second");
  ASSERT_TRUE(provider.Restore(first->name, other, {docker.Soon()}).ok());
  EXPECT_EQ(docker.engine().VolumeData("machine-" + other.uuid), "first");
  const auto files = docker.engine().Files("machine-" + other.uuid);
  EXPECT_EQ(files.at("/var/lib/mysql/auto.cnf"), "[auto]\nserver-uuid=" + other.uuid + "\n");
  EXPECT_TRUE(absl::StrContains(files.at("/var/lib/mysql/mysqld-auto.cnf"), "skip_replica_start"));

  for (const std::string& uuid : {order.uuid, other.uuid}) {
    ASSERT_TRUE(provider.Destroy(uuid, docker.Soon()).ok());
  }
  for (const std::string& name : {first->name, second->name}) {
    ASSERT_TRUE(provider.DestroySnapshot(name, docker.Soon()).ok());
  }
  EXPECT_EQ(docker.engine().containers(), 0u);
  EXPECT_EQ(docker.engine().volumes(), 0u);
}

TEST(DockerFakeTest, LeavesNothingOfASnapshotThatFails) {
  Docker docker({});
  const MachineOrder order = docker.Order();
  Provider& provider = docker.provider();
  ASSERT_TRUE(provider.Create(order, docker.Soon()).ok());
  docker.engine().SetReadsFail(true);
  EXPECT_FALSE(
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {docker.Soon()}).ok());
  EXPECT_EQ(docker.engine().containers(), 1u);
  EXPECT_EQ(docker.engine().volumes(), 1u);
  EXPECT_EQ(provider.Get(order.uuid, docker.Soon())->state, MachineState::kRunning);
  EXPECT_TRUE(provider.ListSnapshots("", docker.Soon())->empty());
}

TEST(DockerFakeTest, LeavesHalfASnapshotToWhoGoesOnWithIt) {
  Docker docker({});
  const MachineOrder order = docker.Order();
  Provider& provider = docker.provider();
  ASSERT_TRUE(provider.Create(order, docker.Soon()).ok());
  const std::string name = NewSnapshotName(order.uuid);
  const auto yes = [] { return true; };
  EXPECT_FALSE(provider.CreateSnapshot(order.uuid, name, {docker.Soon(), yes, yes}).ok());
  EXPECT_EQ(docker.engine().containers(), 2u);
  EXPECT_TRUE(provider.CreateSnapshot(order.uuid, name, {docker.Soon()}).ok());
  EXPECT_EQ(docker.engine().containers(), 2u);
}

TEST(DockerFakeTest, EndsARestoreWhenThatIsAskedFor) {
  Docker docker({});
  const MachineOrder order = docker.Order(), other = docker.Order();
  Provider& provider = docker.provider();
  ASSERT_TRUE(provider.Create(order, docker.Soon()).ok());
  const auto snapshot =
      provider.CreateSnapshot(order.uuid, NewSnapshotName(order.uuid), {docker.Soon()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const auto ended = provider.Restore(snapshot->name, other, {docker.Soon(), [] { return true; }});
  EXPECT_TRUE(absl::IsCancelled(ended.status())) << ended.status();
  // What is half made is listed and never started.
  EXPECT_EQ(provider.Get(other.uuid, docker.Soon())->state, MachineState::kPending);
  EXPECT_TRUE(provider.Destroy(other.uuid, docker.Soon()).ok());
}

}  // namespace
}  // namespace weft::provisioner
