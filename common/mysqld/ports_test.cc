#include "common/mysqld/ports.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/testing/listener.h"
#include "common/mysqld/files.h"

namespace weft {
namespace {

// Claims go to a cache of the test's own.
class PortsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/ports-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    dir_ = folder;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    setenv("WEFT_CACHE", (dir_ + "/cache").c_str(), 1);
    ASSERT_TRUE(MakeFolder(dir_ + "/a").ok());
    ASSERT_TRUE(MakeFolder(dir_ + "/b").ok());
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }

  bool IsClaimed(int port) const { return Exists(absl::StrCat(dir_, "/cache/ports/", port)); }

  std::string dir_;
};

TEST_F(PortsTest, TwoOwnersNeverGetTheSamePort) {
  std::set<int> all;
  for (int i = 0; i < 5; ++i) {
    for (const char* owner : {"/a", "/b"}) {
      const auto ports = ClaimPorts(dir_ + owner, 20);
      ASSERT_TRUE(ports.ok()) << ports.status();
      for (const int port : *ports) {
        EXPECT_TRUE(all.insert(port).second) << port;
        EXPECT_GE(port, 20000);
        EXPECT_LT(port, 32000);
      }
    }
  }
}

TEST_F(PortsTest, AClaimEndsWithItsOwnersFolder) {
  const auto ports = ClaimPorts(dir_ + "/a", 1);
  ASSERT_TRUE(ports.ok());
  ASSERT_TRUE(IsClaimed(ports->front()));
  ASSERT_TRUE(RemoveTree(dir_ + "/a").ok());
  ReleasePorts(dir_ + "/b");  // Sweeps what nobody owns any more.
  EXPECT_FALSE(IsClaimed(ports->front()));
}

TEST_F(PortsTest, ReleasingGivesBackOnesOwnPortsOnly) {
  const auto mine = ClaimPorts(dir_ + "/a", 1);
  const auto theirs = ClaimPorts(dir_ + "/b", 1);
  ASSERT_TRUE(mine.ok() && theirs.ok());
  ReleasePorts(dir_ + "/a");
  EXPECT_FALSE(IsClaimed(mine->front()));
  EXPECT_TRUE(IsClaimed(theirs->front()));
}

TEST_F(PortsTest, NamesTheProcessThatHoldsAPort) {
  const auto ports = ClaimPorts(dir_ + "/a", 1);
  ASSERT_TRUE(ports.ok());
  EXPECT_TRUE(CheckPortFree(ports->front()).ok());
  weft::testing::Listener listener(static_cast<uint16_t>(ports->front()));
  const absl::Status status = CheckPortFree(ports->front());
  listener.Close();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_EQ(ErrorReason(status), "PORT_IN_USE");
  EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("process ", getpid())))
      << status.message();
}

}  // namespace
}  // namespace weft
