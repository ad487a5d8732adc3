#include "common/mysqld/instance.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysqld/files.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"

namespace weft {
namespace {

// One server of the version under test, removed at the end whatever happens.
class InstanceTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto installation = ResolveInstallation(GetParam());
    ASSERT_TRUE(installation.ok()) << installation.status();
    installation_ = *installation;
    char folder[] = "/tmp/weft-instance-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    dir_ = folder;
    const auto ports = ClaimPorts(dir_, 2);
    ASSERT_TRUE(ports.ok()) << ports.status();
    options_.dir = dir_ + "/server";
    options_.port = (*ports)[0];
    options_.admin_port = (*ports)[1];
    options_.owner = getpid();
    options_.remove_with_owner = {dir_};
  }

  void TearDown() override {
    EXPECT_TRUE(RemoveInstance(options_.dir).ok());
    EXPECT_TRUE(RemoveTree(dir_).ok());
    ReleasePorts(dir_);
  }

  Instance Create() {
    const auto instance = Instance::Create(installation_, options_);
    EXPECT_TRUE(instance.ok()) << instance.status();
    if (!instance.ok()) abort();
    return *instance;
  }

  // One statement as root, by the command line client.
  std::string Sql(const Instance& server, const std::string& sql) {
    SpawnOptions command;
    command.argv = ClientProgram(installation_, "mysql");
    for (const std::string& argument :
         {std::string("-uroot"), "--socket=" + server.socket(), std::string("-BN"), "-e" + sql}) {
      command.argv.push_back(argument);
    }
    command.environment = CleanEnvironment();
    const auto result = RunCommand(command, absl::Seconds(30));
    return result.ok() ? std::string(absl::StripAsciiWhitespace(result->output))
                       : std::string(result.status().message());
  }

  Installation installation_;
  std::string dir_;
  InstanceOptions options_;
};

INSTANTIATE_TEST_SUITE_P(Versions, InstanceTest, ::testing::Values("9.7", "5.6"),
                         [](const auto& info) {
                           return absl::StrCat("MySQL", info.param[0] == '9' ? 97 : 56);
                         });

TEST_P(InstanceTest, StartsIsKilledStaysDeadAndStartsAgain) {
  options_.server_uuid = "11111111-2222-3333-4444-555555555555";
  const Instance server = Create();
  const absl::Status started = server.Start();
  ASSERT_TRUE(started.ok()) << started;
  const InstanceState first = server.Inspect();
  EXPECT_TRUE(first.running);
  EXPECT_EQ(first.server_uuid, options_.server_uuid);
  EXPECT_EQ(Sql(server, "SELECT @@server_uuid"), options_.server_uuid);

  ASSERT_TRUE(server.Kill().ok());
  const InstanceState dead = server.Inspect();
  EXPECT_FALSE(dead.running);
  EXPECT_EQ(dead.supervisor_pid, 0);
  EXPECT_EQ(dead.last_exit, "signal 9");
  EXPECT_TRUE(absl::IsFailedPrecondition(server.Kill()));

  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(server.Inspect().server_uuid, first.server_uuid);
  EXPECT_NE(server.Inspect().pid, first.pid);
}

TEST_P(InstanceTest, AMemberComesBackReadOnly) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Sql(server, "SELECT @@global.read_only"), "1");
  EXPECT_EQ(Sql(server, "SET GLOBAL read_only = 0; SELECT @@global.read_only"), "0");
  ASSERT_TRUE(server.Kill().ok());
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Sql(server, "SELECT @@global.read_only"), "1");
}

TEST_P(InstanceTest, ANewServerHasNoTransactionAndNoLoginButRootOnTheSocket) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Sql(server, "SELECT @@global.gtid_executed"), "");
  EXPECT_EQ(Sql(server,
                "SELECT COUNT(*) FROM mysql.user WHERE user NOT LIKE 'mysql.%' AND NOT "
                "(user = 'root' AND host = 'localhost')"),
            "0");
}

TEST_P(InstanceTest, InitialStatementsRunOnceUnloggedAndLeaveNoPasswordBehind) {
  options_.init_statements = {"SET SESSION sql_log_bin = 0", "CREATE DATABASE d",
                              "GRANT SELECT ON d.* TO root@localhost"};
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Sql(server, "SHOW DATABASES LIKE 'd'"), "d");
  EXPECT_EQ(Sql(server, "SELECT @@global.gtid_executed"), "");
  EXPECT_EQ(*ReadFile(server.dir() + "/init.sql"), "");
  ASSERT_TRUE(server.Stop().ok());
  EXPECT_EQ(server.Inspect().last_exit, "exit 0");
  EXPECT_TRUE(server.Start().ok());
}

TEST_P(InstanceTest, AFailedInitialStatementIsAnError) {
  options_.init_statements = {"CREATE DATABASE d", "CREATE DATABASE d"};
  const absl::Status status = Create().Start();
  EXPECT_EQ(ErrorReason(status), "INIT_STATEMENT_FAILED") << status;
}

TEST_P(InstanceTest, StartAndStopMayBeRepeated) {
  const Instance server = Create();
  EXPECT_TRUE(server.Stop().ok());
  ASSERT_TRUE(server.Start().ok());
  const pid_t pid = server.Inspect().pid;
  EXPECT_TRUE(server.Start().ok());
  EXPECT_EQ(server.Inspect().pid, pid);
  EXPECT_TRUE(server.Stop().ok());
  EXPECT_TRUE(server.Stop().ok());
  EXPECT_FALSE(server.Inspect().running);
}

TEST_P(InstanceTest, AHungServerCanBeWokenStoppedAndKilled) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  ASSERT_TRUE(server.Pause().ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(server.WaitReady(absl::Milliseconds(200))));
  ASSERT_TRUE(server.Resume().ok());
  EXPECT_TRUE(server.WaitReady(absl::Seconds(10)).ok());
  ASSERT_TRUE(server.Pause().ok());
  EXPECT_TRUE(server.Stop().ok());
  EXPECT_EQ(server.Inspect().last_exit, "exit 0");
  ASSERT_TRUE(server.Start().ok());
  ASSERT_TRUE(server.Pause().ok());
  EXPECT_TRUE(server.Kill().ok());
  EXPECT_FALSE(server.Inspect().running);
}

TEST_P(InstanceTest, AnotherHandleSeesAndDrivesTheSameServer) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  const auto other = Instance::Open(options_.dir);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->address(), server.address());
  EXPECT_EQ(other->Inspect().pid, server.Inspect().pid);
  EXPECT_EQ(other->installation().version, installation_.version);
  EXPECT_TRUE(other->Kill().ok());
  EXPECT_FALSE(server.Inspect().running);
}

TEST_P(InstanceTest, APortInUseIsNamedWithItsHolder) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  InstanceOptions rival = options_;
  rival.dir = dir_ + "/rival";
  rival.name = "server rival";
  const auto second = Instance::Create(installation_, rival);
  ASSERT_TRUE(second.ok());
  const absl::Status status = second->Start();
  EXPECT_EQ(ErrorReason(status), "PORT_IN_USE");
  EXPECT_TRUE(absl::StrContains(status.message(), "server rival")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("process ", server.Inspect().pid)))
      << status;
}

TEST_P(InstanceTest, ABadOptionIsToldFromTheLog) {
  options_.extra_cnf = {"no-such-option=1"};
  const Instance server = Create();
  const absl::Status status = server.Start();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no-such-option")) << status;
  EXPECT_EQ(server.Inspect().supervisor_pid, 0);
}

TEST_P(InstanceTest, ALongFolderGetsAShortSocketThatGoesWithIt) {
  options_.dir = absl::StrCat(dir_, "/", std::string(100, 'x'));
  const Instance server = Create();
  EXPECT_LE(server.socket().size(), 107u);
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Sql(server, "SELECT 1"), "1");
  ASSERT_TRUE(server.Remove().ok());
  EXPECT_FALSE(Exists(server.socket().substr(0, server.socket().rfind('/'))));
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_P(InstanceTest, AFolderInUseIsLeftAlone) {
  ASSERT_TRUE(MakeFolder(options_.dir).ok());
  ASSERT_TRUE(WriteFileAtomically(options_.dir + "/precious", "x", 0600).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Instance::Create(installation_, options_).status()));
  EXPECT_EQ(*ReadFile(options_.dir + "/precious"), "x");
}

TEST_P(InstanceTest, ServersDieWithTheirOwner) {
  SpawnOptions sleeper;
  sleeper.argv = {"/bin/sleep", "60"};
  const auto owner = SpawnDetached(sleeper);
  ASSERT_TRUE(owner.ok());
  options_.owner = owner->pid;
  options_.remove_with_owner = {};
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  const auto supervisor = IdentifyProcess(server.Inspect().supervisor_pid);
  const auto mysqld = IdentifyProcess(server.Inspect().pid);
  ASSERT_TRUE(supervisor.ok() && mysqld.ok());
  ASSERT_TRUE(SignalProcess(*owner, SIGKILL).ok());
  EXPECT_TRUE(WaitGone(*supervisor, absl::Seconds(20)).ok());
  EXPECT_FALSE(IsAlive(*mysqld));
  EXPECT_FALSE(Exists(options_.dir));
}

// RESTART needs a parent that starts the server again; it came with 8.0.
class RestartTest : public InstanceTest {};
INSTANTIATE_TEST_SUITE_P(Versions, RestartTest, ::testing::Values("9.7"),
                         [](const auto&) { return "MySQL97"; });

TEST_P(RestartTest, TheRestartStatementBringsTheServerBack) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  const InstanceState before = server.Inspect();
  const auto old = IdentifyProcess(before.pid);
  ASSERT_TRUE(old.ok());
  Sql(server, "RESTART");
  ASSERT_TRUE(WaitGone(*old, absl::Seconds(20)).ok());
  ASSERT_TRUE(server.WaitReady(absl::Seconds(30)).ok());
  EXPECT_NE(server.Inspect().pid, before.pid);
  EXPECT_EQ(server.Inspect().supervisor_pid, before.supervisor_pid);
  EXPECT_EQ(server.Inspect().last_exit, "exit 16");
  ASSERT_TRUE(server.Stop().ok());
  EXPECT_FALSE(server.Inspect().running);
}

TEST_P(RestartTest, TheShutdownStatementIsFinal) {
  const Instance server = Create();
  ASSERT_TRUE(server.Start().ok());
  const auto supervisor = IdentifyProcess(server.Inspect().supervisor_pid);
  Sql(server, "SHUTDOWN");
  EXPECT_TRUE(WaitGone(*supervisor, absl::Seconds(20)).ok());
  EXPECT_EQ(server.Inspect().last_exit, "exit 0");
  EXPECT_FALSE(server.Inspect().running);
}

}  // namespace
}  // namespace weft
