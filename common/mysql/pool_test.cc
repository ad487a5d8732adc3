// The pool while nothing can be opened. With real sessions: integration_test.cc.
#include "common/mysql/pool.h"

#include <gtest/gtest.h>

#include "common/base/manual_clock.h"

namespace weft::mysql {
namespace {

TEST(PoolTest, AnUnreachableServerIsReportedEachTimeAndHoldsNoSlot) {
  ManualClock clock;
  int attempts = 0;
  Pool pool({.max_sessions = 1}, &clock, [&attempts](const ConnectOptions&) {
    ++attempts;
    return FromMysql(kErrConnectFailed, "HY000", "down (111)");
  });
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = pool.Acquire().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(pool.counts().in_use, 0u);
  }
  EXPECT_EQ(attempts, 3);
}

TEST(PoolTest, ConnectsWithWhatTheLastResetSaid) {
  ManualClock clock;
  std::string user;
  Pool pool({}, &clock, [&user](const ConnectOptions& connect) {
    user = connect.user;
    return FromMysql(kErrAccessDenied, "28000", "denied");
  });
  ConnectOptions rotated;
  rotated.user = "rotated";
  pool.Reset(rotated);
  EXPECT_EQ(pool.Acquire().status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(user, "rotated");
}

}  // namespace
}  // namespace weft::mysql
