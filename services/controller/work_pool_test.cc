#include "services/controller/work_pool.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

TEST(WorkPoolTest, RunsEverythingBeforeItReturns) {
  WorkPool pool(4);
  std::atomic<int> done = 0;
  pool.RunAll(std::vector<std::function<void()>>(100, [&] { ++done; }));
  EXPECT_EQ(done, 100);
  pool.RunAll({});
}

TEST(WorkPoolTest, RunsPiecesAtTheSameTime) {
  WorkPool pool(4);
  Mutex mutex;
  CondVar changed;
  int arrived = 0;
  // Each waits for the others: one after the other they would never end.
  const std::function<void()> meet = [&] {
    MutexLock lock(&mutex);
    ++arrived;
    changed.NotifyAll();
    while (arrived < 3) changed.Wait(&mutex);
  };
  pool.RunAll({meet, meet, meet});
  EXPECT_EQ(arrived, 3);
}

TEST(WorkPoolTest, NeedsNoThreadOfItsOwn) {
  WorkPool pool(0);
  int done = 0;
  pool.RunAll(std::vector<std::function<void()>>(10, [&] { ++done; }));
  EXPECT_EQ(done, 10);
}

TEST(WorkPoolTest, BatchesOfSeveralCallersDoNotWaitForEachOther) {
  WorkPool pool(2);
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  callers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        pool.RunAll(std::vector<std::function<void()>>(3, [&] { ++done; }));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 8 * 50 * 3);
}

TEST(WorkPoolTest, WatchesWhileThereIsWork) {
  for (const size_t threads : {0, 4}) {
    WorkPool pool(threads);
    Mutex mutex;
    CondVar changed;
    int looks = 0;
    int done = 0;
    const std::function<void()> until_looked_twice = [&] {
      MutexLock lock(&mutex);
      while (looks < 2) changed.Wait(&mutex);
      ++done;
    };
    pool.RunAllWatched({until_looked_twice, until_looked_twice}, absl::Milliseconds(1), [&] {
      MutexLock lock(&mutex);
      ++looks;
      changed.NotifyAll();
    });
    EXPECT_EQ(done, 2);
    EXPECT_GE(looks, 2);
  }
}

}  // namespace
}  // namespace weft::controller
