// What becomes of a copy between real servers when the network does not carry it for a while.
#include <cstdio>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "tests/integration/clone_farm.h"
#include "tests/integration/own_network.h"

namespace weft::provisioner {
namespace {

class CloneNetworkTest : public CloneFarm {
 protected:
  void SetUp() override {
    if (!network_.status().ok()) {
      GTEST_SKIP() << "NOT RUN: no network of its own may be made here: " << network_.status();
    }
    ASSERT_NO_FATAL_FAILURE(StartFilled());
  }

  // A copy at `rate`; as soon as data come `fault` hits the source's port for as long as it says.
  absl::StatusOr<CopyFigures> CopyUnder(CopyMethod method, uint64_t rate,
                                        const std::function<absl::Status(int port)>& fault,
                                        absl::Duration lasts) {
    // By its socket a source of this machine would be read past the network.
    const std::string socket = farm_->server(0).socket;
    const std::string aside = socket + ".aside";
    EXPECT_EQ(std::rename(socket.c_str(), aside.c_str()), 0);
    return CopyThrough(
        method, rate, lasts,
        [&] {
          EXPECT_EQ(std::rename(aside.c_str(), socket.c_str()), 0);
          EXPECT_TRUE(fault(farm_->server(0).port).ok());
        },
        [&] {
          EXPECT_GT(network_.Met().value_or(0), 0u) << "nothing was on its way";
          EXPECT_TRUE(network_.Mend().ok());
        });
  }

  const testing::OwnNetwork network_;
};

TEST_F(CloneNetworkTest, PacketsThatAreLostForTenSecondsAreWaitedFor) {
  for (const CopyMethod method : {CopyMethod::kPlugin, CopyMethod::kLogical}) {
    SCOPED_TRACE(ToString(method));
    const auto copied = CopyUnder(
        method, 20 << 20, [&](int port) { return network_.Drop(port); }, absl::Seconds(10));
    ASSERT_TRUE(copied.ok()) << copied.status();
    ExpectAlike();
  }
}

// The plugin connects again by itself and goes on.
TEST_F(CloneNetworkTest, AConnectionThatIsCutIsMadeAgainByThePlugin) {
  const auto copied = CopyUnder(
      CopyMethod::kPlugin, 20 << 20, [&](int port) { return network_.Cut(port); },
      absl::Seconds(3));
  ASSERT_TRUE(copied.ok()) << copied.status();
  ExpectAlike();
}

// The view of the data that rows are read from is gone with the connection.
TEST_F(CloneNetworkTest, AConnectionThatIsCutEndsACopyByRowsAndLeavesTheTargetEmpty) {
  const auto copied = CopyUnder(
      CopyMethod::kLogical, 4 << 20, [&](int port) { return network_.Cut(port); },
      absl::Seconds(3));
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(ErrorReason(copied.status()), "SOURCE_LOST") << copied.status();
  const auto detail = GetErrorDetail(copied.status());
  ASSERT_TRUE(detail.has_value()) << copied.status();
  EXPECT_EQ(detail->metadata.at("target"), "empty") << copied.status();
  EXPECT_TRUE(absl::StrContains(copied.status().message(), address(0).ToString()))
      << copied.status();
  ExpectEmpty();
}

}  // namespace
}  // namespace weft::provisioner
