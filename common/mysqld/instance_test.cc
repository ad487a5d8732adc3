#include "common/mysqld/instance.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
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
    auto installation = ResolveInstallation(GetParam());
    ASSERT_TRUE(installation.ok()) << installation.status();
    installation_ = *installation;
    char folder[] = "/tmp/weft-instance-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    dir_ = folder;
    auto ports = ClaimPorts(dir_, 2);
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
    auto instance = Instance::Create(installation_, options_);
    EXPECT_TRUE(instance.ok()) << instance.status();
    if (!instance.ok()) abort();
    return *instance;
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
  const absl::Duration before = RealClock::Get()->MonotonicNow();
  const Instance server = Create();
  const absl::Duration created = RealClock::Get()->MonotonicNow();
  const absl::Status started = server.Start();
  ASSERT_TRUE(started.ok()) << started;
  std::cout << "create " << created - before << ", start "
            << RealClock::Get()->MonotonicNow() - created << "\n";
  const InstanceState first = server.Inspect();
  EXPECT_TRUE(first.running);
  EXPECT_EQ(first.server_uuid.size(), 36u);

  ASSERT_TRUE(server.Kill().ok());
  const InstanceState dead = server.Inspect();
  EXPECT_FALSE(dead.running);
  EXPECT_EQ(dead.supervisor_pid, 0);
  EXPECT_EQ(dead.last_exit, "signal 9");

  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(server.Inspect().server_uuid, first.server_uuid);
  EXPECT_NE(server.Inspect().pid, first.pid);
}

}  // namespace
}  // namespace weft
