#include "services/gateway/commands/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace weft::gateway {
namespace {

class TaskPoolTest : public testing::Test {
 protected:
  rpc::Metrics metrics_;
  const rpc::Gauge depth_ = metrics_.GetGauge("depth", "Tasks.");
};

TEST_F(TaskPoolTest, RunsAsManyAtOnceAsItHasThreads) {
  std::promise<void> first, second;
  TaskPool pool(2, 0, depth_);
  // Each ends only when the other runs.
  EXPECT_TRUE(pool.Add([&] {
    first.set_value();
    second.get_future().wait();
  }));
  EXPECT_TRUE(pool.Add([&] {
    second.set_value();
    first.get_future().wait();
  }));
}

TEST_F(TaskPoolTest, RefusesWhatDoesNotFitAndTakesItLater) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::promise<void> taken, done;
  {
    TaskPool pool(1, 1, depth_);
    EXPECT_TRUE(pool.Add([&, gone] {
      taken.set_value();
      gone.wait();
    }));
    taken.get_future().wait();
    EXPECT_TRUE(pool.Add([&] { done.set_value(); }));
    EXPECT_FALSE(pool.Add([] {}));
    EXPECT_EQ(depth_.Value(), 2);
    go.set_value();
    done.get_future().wait();
    EXPECT_TRUE(pool.Add([] {}));
  }
  EXPECT_EQ(depth_.Value(), 0);
}

TEST_F(TaskPoolTest, RunsWhatWaitsBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    TaskPool pool(3, 100, depth_);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.Add([&] { ++ran; }));
  }
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace weft::gateway
