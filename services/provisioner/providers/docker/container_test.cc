#include "services/provisioner/providers/docker/container.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner::docker {
namespace {

MachineOrder Order(const Properties& meta = {}, const Properties& flavor = {}) {
  return {.uuid = "u1", .flavor = flavor, .meta = meta};
}

Settings Engine() { return {.provider_id = "engine", .engine_host = "10.0.0.3"}; }

Json Made(const Properties& meta, const Properties& flavor = {}) {
  const auto container = ContainerOf(Order(meta, flavor), Engine());
  EXPECT_TRUE(container.ok()) << container.status();
  return container.value_or(Json());
}

TEST(ContainerTest, KeepsItsDataInAVolumeAndIsRestarted) {
  const Json container = Made({});
  const Json mount = At(container, {"HostConfig", "Mounts"}).front();
  EXPECT_EQ(mount["Source"], "machine-u1");
  EXPECT_EQ(mount["Target"], "/var/lib/mysql");
  EXPECT_EQ(TextAt(container, {"HostConfig", "RestartPolicy", "Name"}), "unless-stopped");
  EXPECT_EQ(container["Labels"], Json({{"weft.machine", "u1"}, {"weft.provider", "engine"}}));
}

TEST(ContainerTest, IsShapedByMetaAndKeepsTheRestAsLabels) {
  const Json container = Made({{"command", "mysqld --log-bin=foo"},
                               {"environment", "A=1 B='2 3'"},
                               {"hostname", "db1"},
                               {"mem_limit", "600m"},
                               {"cpu_shares", "512"},
                               {"dns", "10.0.0.1, 10.0.0.2"},
                               {"volumes", "/a:/b:ro"},
                               {"tty", "true"},
                               {"detach", "true"},
                               {"mysql-fabric", "True"}});
  EXPECT_EQ(container["Cmd"], Json({"mysqld", "--log-bin=foo"}));
  EXPECT_EQ(container["Env"], Json({"A=1", "B=2 3"}));
  EXPECT_EQ(container["Hostname"], "db1");
  EXPECT_EQ(container["Tty"], true);
  const Json& host = container["HostConfig"];
  EXPECT_EQ(host["Memory"], 600 << 20);
  EXPECT_EQ(host["CpuShares"], 512);
  EXPECT_EQ(host["Dns"], Json({"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(host["Binds"], Json::array({"/a:/b:ro"}));
  EXPECT_EQ(container["Labels"]["weft.meta.mysql-fabric"], "True");
  EXPECT_FALSE(container.contains("detach"));
}

TEST(ContainerTest, PublishesPorts) {
  const Json ports = At(Made({{"ports", "3306 13306:3307,127.0.0.1:4000:3308 [::1]:5000:3309"}}),
                        {"HostConfig", "PortBindings"});
  EXPECT_EQ(ports["3306/tcp"], Json::array({{{"HostIp", ""}, {"HostPort", ""}}}));
  EXPECT_EQ(ports["3307/tcp"], Json::array({{{"HostIp", ""}, {"HostPort", "13306"}}}));
  EXPECT_EQ(ports["3308/tcp"], Json::array({{{"HostIp", "127.0.0.1"}, {"HostPort", "4000"}}}));
  EXPECT_EQ(ports["3309/tcp"], Json::array({{{"HostIp", "::1"}, {"HostPort", "5000"}}}));
}

TEST(ContainerTest, RefusesWhatItDoesNotUnderstand) {
  for (const Properties& meta : {Properties{{"name", "mine"}}, Properties{{"image", "other"}},
                                 Properties{{"ports", "http"}}, Properties{{"ports", "70000"}},
                                 Properties{{"mem_limit", "much"}}, Properties{{"tty", "perhaps"}},
                                 Properties{{"command", "'"}}, Properties{{"cpu_shares", "1.5"}}}) {
    EXPECT_EQ(ErrorReason(ContainerOf(Order(meta), Engine()).status()), "BAD_ORDER")
        << meta.begin()->first;
  }
  EXPECT_EQ(ErrorReason(ContainerOf(Order({}, {{"cpus", "0"}}), Engine()).status()), "BAD_ORDER");
  EXPECT_EQ(At(Made({}, {{"cpus", "1.5"}, {"name", "v1"}}), {"HostConfig", "NanoCpus"}),
            1'500'000'000);
}

Json Inspected(const Json& state, int restarts = 0) {
  return {
      {"Id", "abc"},
      {"Name", "/machine-u1"},
      {"RestartCount", restarts},
      {"Config", {{"Image", "mysql:9.7"}, {"Labels", {{"weft.machine", "u1"}, {"other", "x"}}}}},
      {"State", state}};
}

TEST(ContainerTest, ReadsWhatAnEngineSays) {
  const auto state = [](const Json& said, int restarts = 0) {
    return MachineOf(Inspected(said, restarts), Engine())->state;
  };
  EXPECT_EQ(state({{"Status", "created"}}), MachineState::kPending);
  EXPECT_EQ(state({{"Status", "running"}}), MachineState::kRunning);
  EXPECT_EQ(state({{"Status", "paused"}}), MachineState::kStopped);
  EXPECT_EQ(state({{"Status", "exited"}, {"ExitCode", 0}}), MachineState::kStopped);
  EXPECT_EQ(state({{"Status", "exited"}, {"ExitCode", 1}}), MachineState::kFailed);
  EXPECT_EQ(state({{"Status", "restarting"}}, 1), MachineState::kPending);
  EXPECT_EQ(state({{"Status", "restarting"}}, 3), MachineState::kFailed);
  const auto killed = MachineOf(
      Inspected({{"Status", "exited"}, {"ExitCode", 137}, {"OOMKilled", true}}), Engine());
  EXPECT_EQ(killed->detail, "exit code 137, out of memory");
  EXPECT_TRUE(killed->meta.empty());
}

TEST(ContainerTest, SaysWhereAMachineIsReached) {
  Json inspected = Inspected({{"Status", "running"}});
  inspected["NetworkSettings"] = {
      {"Ports",
       {{"3306/tcp",
         {{{"HostIp", "0.0.0.0"}, {"HostPort", "20001"}},
          {{"HostIp", "::"}, {"HostPort", "20001"}}}},
        {"33060/tcp", nullptr}}},
      {"Networks", {{"bridge", {{"IPAddress", "172.17.0.2"}}}, {"unused", {{"IPAddress", ""}}}}}};
  const auto machine = MachineOf(inspected, Engine());
  const std::vector<MachineAddress> expected = {{"published", "10.0.0.3", 20001, true},
                                                {"bridge", "172.17.0.2", 3306, false}};
  EXPECT_EQ(machine->addresses, expected);
}

TEST(ContainerTest, TakesNothingElseForAMachine) {
  for (const Json& garbage : {Json(), Json("text"), Json::array({1}), Json{{"Id", 1}},
                              Json{{"Id", "abc"}, {"Config", nullptr}}}) {
    EXPECT_FALSE(MachineOf(garbage, Engine()).ok());
  }
}

}  // namespace
}  // namespace weft::provisioner::docker
