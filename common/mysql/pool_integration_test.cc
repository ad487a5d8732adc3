// The pool with real servers of each version.
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "common/mysql/pool.h"
#include "common/mysql/testing/mysql_fixture.h"

namespace weft::mysql {
namespace {

WEFT_INSTANTIATE_MYSQL_TESTS();

TEST_P(MysqlTest, ThePoolReusesSessionsAndBoundsThem) {
  Pool pool({.connect = App(0), .max_sessions = 2, .acquire_timeout = absl::Milliseconds(50)},
            RealClock::Get());
  uint64_t first_id = 0;
  {
    auto a = pool.Acquire();
    auto b = pool.Acquire();
    ASSERT_TRUE(a.ok() && b.ok());
    first_id = (*b)->connection_id();
    const absl::Status full = pool.Acquire().status();
    EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
    EXPECT_EQ(pool.counts().in_use, 2u);
  }
  EXPECT_EQ(pool.counts().idle, 2u);
  const auto again = pool.Acquire();
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE((*again)->Ping().ok());
  EXPECT_EQ(pool.counts().idle, 1u);
  EXPECT_NE(first_id, 0u);
}

TEST_P(MysqlTest, ThePoolDropsWhatIsBrokenDiscardedOrOfAnEarlierReset) {
  Pool pool({.connect = App(0), .max_sessions = 4}, RealClock::Get());
  {
    auto broken = pool.Acquire();
    auto discarded = pool.Acquire();
    auto earlier = pool.Acquire();
    ASSERT_TRUE(broken.ok() && discarded.ok() && earlier.ok());
    (*broken)->Abort();
    discarded->set_discard();
    pool.Reset(App(0));
    auto kept = pool.Acquire();
    ASSERT_TRUE(kept.ok());
  }
  EXPECT_EQ(pool.counts().idle, 1u);
  EXPECT_EQ(pool.counts().in_use, 0u);
}

TEST_P(MysqlTest, AWaiterGetsTheSessionThatIsGivenBack) {
  Pool pool({.connect = App(0), .max_sessions = 1, .acquire_timeout = absl::Seconds(20)},
            RealClock::Get());
  auto lease = std::make_unique<Pool::Lease>(*pool.Acquire());
  const uint64_t id = (*lease)->connection_id();
  uint64_t got = 0;
  std::thread waiter([&] { got = (*pool.Acquire())->connection_id(); });
  lease.reset();
  waiter.join();
  EXPECT_EQ(got, id);
}

TEST_P(MysqlTest, ThePoolSurvivesTheServersRestart) {
  Pool pool({.connect = App(1), .ping_after = absl::ZeroDuration()}, RealClock::Get());
  ASSERT_TRUE(pool.Acquire().ok());
  ASSERT_TRUE(farm_->Kill(1).ok());
  const absl::Duration start = Now();
  EXPECT_EQ(pool.Acquire().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(Now() - start, absl::Milliseconds(500));
  ASSERT_TRUE(farm_->StartServer(1).ok());
  const auto lease = pool.Acquire();
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_TRUE((*lease)->Ping().ok());
  ASSERT_TRUE(MakeWritable(*farm_, 1).ok());
}

}  // namespace
}  // namespace weft::mysql
