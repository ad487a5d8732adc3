#include "services/cli/sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/serving.h"
#include "services/cli/sandbox/strays.h"

namespace weft::cli::sandbox {
namespace {

// A sandbox of real servers, with a fake in the place of each process of Weft.
class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/weft-sandbox-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
    const std::string fake = LocateCompanion("services/cli/sandbox/testing", "fake_process");
    ASSERT_FALSE(fake.empty());
    ASSERT_TRUE(MakeFolder(root_ + "/bin").ok());
    for (const char* name : {"/bin/weft-controller", "/bin/weft-monitor", "/bin/weft-provisioner",
                             "/bin/weft-gateway"}) {
      ASSERT_EQ(symlink(fake.c_str(), (root_ + name).c_str()), 0);
    }
    options_.dir = root_ + "/sandbox";
    options_.servers = 1;
    options_.durable = false;
    options_.binary_dir = root_ + "/bin";
  }

  void TearDown() override {
    Down(options_.dir, nullptr).status().IgnoreError();
    EXPECT_TRUE(FindStrays(options_.dir).empty());
    EXPECT_TRUE(RemoveTree(root_).ok());
  }

  absl::StatusOr<Layout> Rise() {
    return Up(
        options_, [this](absl::string_view line) { said_.emplace_back(line); }, cancelled_);
  }

  Layout MustRise() {
    const auto layout = Rise();
    EXPECT_TRUE(layout.ok()) << layout.status();
    if (!layout.ok()) abort();
    return *layout;
  }

  static absl::StatusOr<std::unique_ptr<mysql::Session>> Login(const std::string& address,
                                                               const std::string& user,
                                                               const std::string& password_file) {
    mysql::ConnectOptions options;
    options.port = std::stoi(address.substr(address.rfind(':') + 1));
    options.user = user;
    options.password = *ReadPasswordFile(password_file);
    return mysql::Session::Open(options);
  }

  std::string root_;
  UpOptions options_;
  Cancelled cancelled_;
  std::vector<std::string> said_;
};

TEST_F(SandboxTest, ComesUpWholeAndGoesDownWithoutATrace) {
  options_.servers = 3;
  std::vector<std::string> set_up, created;
  options_.hooks.set_up_store = [&](const Layout& layout) {
    set_up.push_back(layout.store.address);
    return Login(layout.store.address, layout.store.user, layout.store.password_file)
        .value()
        ->Execute("CREATE TABLE weft.t (id INT PRIMARY KEY)");
  };
  options_.hooks.create_groups = [&](const Layout& layout) {
    EXPECT_TRUE(AskServing(*layout.controller, absl::Seconds(1)).ok());
    for (const Group& group : layout.groups) created.push_back(group.id);
    return absl::OkStatus();
  };
  const Layout layout = MustRise();
  EXPECT_EQ(set_up, std::vector<std::string>{layout.store.address});
  EXPECT_EQ(created, std::vector<std::string>{"g1"});
  ASSERT_EQ(layout.groups.size(), 1u);
  ASSERT_EQ(layout.groups[0].servers.size(), 3u);
  for (const Server& server : layout.groups[0].servers) {
    EXPECT_GT(server.pid, 0);
    EXPECT_EQ(server.uuid.size(), 36u);
    EXPECT_TRUE(Exists(server.socket));
    const auto app = Login(server.address, layout.app.user, layout.app.password_file);
    ASSERT_TRUE(app.ok()) << app.status();
    EXPECT_FALSE((*app)->Execute("CREATE TABLE app.t (id INT)").ok());  // Read-only.
    EXPECT_TRUE(
        Login(server.address, layout.monitor_account.user, layout.monitor_account.password_file)
            .ok());
  }
  EXPECT_TRUE(AskServing(*layout.monitor, absl::Seconds(1)).ok());
  EXPECT_EQ(layout.metrics.size(), 4u);
  EXPECT_EQ(ToJson(*Load(options_.dir)), ToJson(layout));
  struct stat info;
  ASSERT_EQ(stat(layout.admin.password_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  const auto report = Down(options_.dir, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->processes_stopped, 8);  // Three servers, the store, four processes.
  EXPECT_TRUE(report->folder_removed);
  EXPECT_FALSE(Exists(options_.dir));
  EXPECT_TRUE(absl::IsNotFound(Down(options_.dir, nullptr).status()));
}

TEST_F(SandboxTest, ServersAreKilledStoppedAndStartedByAnyOfTheirNames) {
  options_.servers = 2;
  options_.processes = false;
  const Layout layout = MustRise();
  const Server& first = layout.groups[0].servers[0];
  const auto killed = KillServer(options_.dir, first.address);
  ASSERT_TRUE(killed.ok()) << killed.status();
  EXPECT_TRUE(killed->changed);
  EXPECT_EQ(killed->pid, first.pid);
  EXPECT_EQ(Load(options_.dir)->groups[0].servers[0].pid, 0);
  EXPECT_FALSE(KillServer(options_.dir, first.uuid)->changed);

  const auto started = StartServer(options_.dir, first.uuid.substr(0, 8));
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_TRUE(started->changed);
  EXPECT_EQ(Load(options_.dir)->groups[0].servers[0].pid, started->pid);
  EXPECT_FALSE(StartServer(options_.dir, "g1/1")->changed);

  EXPECT_TRUE(StopServer(options_.dir, "2")->changed);
  EXPECT_EQ(Load(options_.dir)->groups[0].servers[1].pid, 0);
  EXPECT_TRUE(KillServer(options_.dir, "store")->changed);
  EXPECT_EQ(Load(options_.dir)->store.pid, 0);
  EXPECT_TRUE(StartServer(options_.dir, "store")->changed);

  const absl::Status unknown = KillServer(options_.dir, "10.0.0.1:3306").status();
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_TRUE(absl::StrContains(GetErrorDetail(unknown)->expected, "g1/2")) << unknown;
  EXPECT_TRUE(absl::IsNotFound(KillServer(options_.dir, "controller").status()));
}

TEST_F(SandboxTest, ProcessesAreServersOfTheirOwn) {
  options_.groups = 0;
  const Layout layout = MustRise();
  EXPECT_TRUE(KillServer(options_.dir, "controller")->changed);
  EXPECT_FALSE(AskServing(*layout.controller, absl::Milliseconds(200)).ok());
  EXPECT_TRUE(AskServing(*layout.monitor, absl::Seconds(1)).ok());
  EXPECT_TRUE(StartServer(options_.dir, "controller")->changed);
  EXPECT_TRUE(AskServing(*layout.controller, absl::Seconds(1)).ok());
  EXPECT_TRUE(StopServer(options_.dir, "weft-monitor")->changed);
  EXPECT_FALSE(StopServer(options_.dir, "monitor")->changed);
}

TEST_F(SandboxTest, SeveralOfEachProcessShareOneStore) {
  options_.groups = 0;
  options_.controllers = 2;
  options_.monitors = 3;
  options_.gateways = 2;
  int set_up = 0;
  options_.hooks.set_up_store = [&set_up](const Layout&) {
    ++set_up;
    return absl::OkStatus();
  };
  const Layout layout = MustRise();
  EXPECT_EQ(set_up, 1);
  ASSERT_EQ(layout.controllers.size(), 2u);
  ASSERT_EQ(layout.monitors.size(), 3u);
  EXPECT_EQ(layout.controller, layout.controllers[0]);
  EXPECT_EQ(layout.monitor, layout.monitors[0]);
  std::vector<std::string> names;
  for (const auto& [name, url] : layout.metrics) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"weft-controller", "weft-controller-2", "weft-gateway",
                                             "weft-gateway-2", "weft-monitor", "weft-monitor-2",
                                             "weft-monitor-3", "weft-provisioner"}));
  ASSERT_EQ(layout.gateways.size(), 2u);
  EXPECT_EQ(layout.gateway, layout.gateways[0]);
  EXPECT_TRUE(absl::StrContains(*ReadFile(absl::StrCat(options_.dir, "/run/weft-gateway-2.json")),
                                absl::StrCat("--xmlrpc-listen=", layout.gateways[1].xmlrpc)));
  const std::string all =
      absl::StrCat("--controller=", layout.controllers[0], ",", layout.controllers[1]);
  for (const char* told : {"weft-monitor", "weft-monitor-2", "weft-monitor-3", "weft-gateway"}) {
    EXPECT_TRUE(
        absl::StrContains(*ReadFile(absl::StrCat(options_.dir, "/run/", told, ".json")), all))
        << told;
  }
  EXPECT_TRUE(KillServer(options_.dir, "weft-controller-2")->changed);
  EXPECT_FALSE(AskServing(layout.controllers[1], absl::Milliseconds(200)).ok());
  EXPECT_TRUE(AskServing(layout.controllers[0], absl::Seconds(1)).ok());
  EXPECT_TRUE(StartServer(options_.dir, "controller-2")->changed);
  EXPECT_TRUE(AskServing(layout.controllers[1], absl::Seconds(1)).ok());
  EXPECT_TRUE(StopServer(options_.dir, "monitor-3")->changed);
  EXPECT_FALSE(StopServer(options_.dir, "weft-monitor-3")->changed);

  const absl::Status unknown = KillServer(options_.dir, "controller-3").status();
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_TRUE(absl::StrContains(
      GetErrorDetail(unknown)->expected,
      "controller, controller-2, monitor, monitor-2, monitor-3, provisioner, gateway, gateway-2"))
      << unknown;
  const auto report = Down(options_.dir, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  // The store, two controllers, two monitors, a provisioner, two gateways.
  EXPECT_EQ(report->processes_stopped, 8);
}

TEST_F(SandboxTest, TheStoreIsOfTheNewestWhateverTheServersAre) {
  options_.mysql = "5.6";
  options_.processes = false;
  const Layout layout = MustRise();
  const auto store = Login(layout.store.address, layout.store.user, layout.store.password_file);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->version().AtLeast(9, 0));
  const auto app =
      Login(layout.groups[0].servers[0].address, layout.app.user, layout.app.password_file);
  ASSERT_TRUE(app.ok()) << app.status();
  EXPECT_FALSE((*app)->version().AtLeast(5, 7));
}

TEST_F(SandboxTest, ASecondOneInTheSameFolderIsRefusedAndHarmsNothing) {
  options_.groups = 0;
  options_.processes = false;
  MustRise();
  const absl::Status second = Rise().status();
  EXPECT_TRUE(absl::IsAlreadyExists(second)) << second;
  EXPECT_NE(Load(options_.dir)->store.pid, 0);
}

TEST_F(SandboxTest, AFolderOfSomebodyElseIsNeverTouched) {
  ASSERT_TRUE(MakeFolder(options_.dir).ok());
  ASSERT_TRUE(WriteFileAtomically(options_.dir + "/thesis", "x", 0600).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Rise().status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Down(options_.dir, nullptr).status()));
  EXPECT_TRUE(absl::IsNotFound(Load(options_.dir).status()));
  EXPECT_EQ(*ReadFile(options_.dir + "/thesis"), "x");
}

TEST_F(SandboxTest, WhatFailsHalfWayIsUndone) {
  options_.hooks.create_groups = [](const Layout&) { return absl::InternalError("no group"); };
  const absl::Status status = Rise().status();
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_EQ(status.message(), "no group");
  EXPECT_FALSE(Exists(options_.dir));
  EXPECT_TRUE(FindStrays(options_.dir).empty());
}

TEST_F(SandboxTest, AControllerThatDoesNotLeadYetIsAskedAgain) {
  int calls = 0;
  options_.hooks.create_groups = [&calls](const Layout&) {
    return ++calls < 3 ? absl::UnavailableError("no leader yet") : absl::OkStatus();
  };
  MustRise();
  EXPECT_EQ(calls, 3);
}

TEST_F(SandboxTest, AnInterruptionUndoesEverything) {
  // At each point where it asks: while servers are made, while they start, while processes start.
  for (const int patience : {0, 1, 2, 4, 8}) {
    int asked = 0;
    cancelled_ = [&asked, patience] { return ++asked > patience; };
    EXPECT_TRUE(absl::IsCancelled(Rise().status())) << patience;
    EXPECT_FALSE(Exists(options_.dir)) << patience;
    EXPECT_TRUE(FindStrays(options_.dir).empty()) << patience;
  }
}

TEST_F(SandboxTest, AProcessThatEndsIsToldWithItsLastWords) {
  options_.groups = 0;
  options_.hooks.set_up_store = [this](const Layout&) {
    return WriteFileAtomically(Folder(options_.dir).secret("fail"), "", 0600);
  };
  const absl::Status status = Rise().status();
  EXPECT_EQ(ErrorReason(status), "PROCESS_ENDED") << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "told to fail")) << status;
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_F(SandboxTest, AMissingBinaryIsNamedWithTheCommandThatBuildsIt) {
  ASSERT_EQ(unlink((root_ + "/bin/weft-monitor").c_str()), 0);
  options_.groups = 0;
  const absl::Status status = Rise().status();
  EXPECT_EQ(ErrorReason(status), "BINARY_NOT_FOUND") << status;
  EXPECT_EQ(GetErrorDetail(status)->next_step, "bazel build //services/monitor:weft-monitor");
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_F(SandboxTest, AKilledUpLeavesAHalfThatDownClears) {
  options_.groups = 0;
  options_.processes = false;
  MustRise();
  // As if it had been killed just before the end, and before a pid was written down.
  ASSERT_EQ(unlink(Folder(options_.dir).record().c_str()), 0);
  ASSERT_EQ(unlink((Folder(options_.dir).store() + "/run/supervisor.pid").c_str()), 0);
  ASSERT_EQ(unlink((Folder(options_.dir).store() + "/run/mysqld.pid").c_str()), 0);
  EXPECT_TRUE(absl::StrContains(Rise().status().message(), "interrupted"));
  EXPECT_EQ(GetErrorDetail(Load(options_.dir).status())->next_step,
            "weft sandbox down --dir " + options_.dir);
  const auto report = Down(options_.dir, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->processes_stopped, 2);
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_F(SandboxTest, NonsenseIsRefusedBeforeAnythingIsMade) {
  options_.servers = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Rise().status()));
  options_.servers = 1;
  options_.controllers = 6;
  EXPECT_EQ(GetErrorDetail(Rise().status())->expected, "1 to 5");
  options_.controllers = 1;
  options_.monitors = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Rise().status()));
  options_.monitors = 1;
  options_.gateways = -1;
  EXPECT_EQ(GetErrorDetail(Rise().status())->expected, "0 to 5");
  options_.gateways = 1;
  options_.group_names = {"a", "b"};
  EXPECT_TRUE(absl::IsInvalidArgument(Rise().status()));
  options_.group_names = {};
  options_.mysql = "4.1";
  EXPECT_TRUE(absl::IsInvalidArgument(Rise().status()));
  options_.mysql = "9.7";
  options_.dir = root_ + "/it's";
  options_.processes = false;
  EXPECT_TRUE(absl::IsInvalidArgument(Rise().status()));
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_F(SandboxTest, ADeepFolderWorksToo) {
  options_.dir = absl::StrCat(root_, "/", std::string(100, 'd'), "/with space");
  options_.processes = false;
  const Layout layout = MustRise();
  const std::string& socket = layout.groups[0].servers[0].socket;
  EXPECT_LE(socket.size(), 107u);
  ASSERT_TRUE(Down(options_.dir, nullptr).ok());
  EXPECT_FALSE(Exists(socket.substr(0, socket.rfind('/'))));
  EXPECT_FALSE(Exists(absl::StrCat(root_, "/", std::string(100, 'd'))));
}

}  // namespace
}  // namespace weft::cli::sandbox
