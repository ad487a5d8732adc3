// How often a server is probed that does not answer. Real servers: tests/integration/monitor_test.
#include "services/monitor/watcher.h"

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/testing/listener.h"
#include "gtest/gtest.h"

namespace weft::monitor {
namespace {

using ::weft::testing::Listener;

class WatcherTest : public ::testing::Test {
 protected:
  // Only what is quick comes at all.
  static Watcher::Options Patient() {
    Watcher::Options options;
    options.prober.user = "nobody";
    options.period = absl::Hours(1);
    options.retry = absl::Hours(1);
    return options;
  }
  static WatchedServer At(uint16_t port) {
    return {*ServerUuid::Parse("11111111-1111-1111-1111-111111111111"), {"127.0.0.1", port}};
  }
  Watcher::Listener Note() {
    return [this](const WatchedServer&, const Sample& sample, bool) {
      MutexLock lock(&mutex_);
      samples_.push_back(sample);
      when_.push_back(RealClock::Get()->MonotonicNow());
      changed_.NotifyAll();
    };
  }
  // Once there are so many, or seconds are over.
  std::vector<Sample> Samples(size_t count) {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(20));
    MutexLock lock(&mutex_);
    while (samples_.size() < count && !deadline.Passed()) {
      changed_.WaitFor(&mutex_, deadline.Remaining());
    }
    return samples_;
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<Sample> samples_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> when_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(WatcherTest, APortThatHangsUpAndThenRefusesIsSeenRefusingWithoutAPause) {
  Listener listener;
  std::thread dying([&] {
    close(listener.Accept());
    listener.Close();
  });
  Watcher watcher(Patient(), RealClock::Get(), Note());
  watcher.Watch({At(listener.port())});
  dying.join();
  const std::vector<Sample> samples = Samples(2);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_TRUE(samples[0].hung_up) << samples[0].error;
  EXPECT_FALSE(samples[0].refused);
  EXPECT_TRUE(samples[1].refused) << samples[1].error;
  EXPECT_FALSE(samples[1].hung_up);
}

TEST_F(WatcherTest, OneThatAlwaysHangsUpIsProbedQuicklyOnlySoOften) {
  Listener listener;
  Watcher::Options options = Patient();
  options.retry = absl::Milliseconds(200);
  options.quick_retries = 3;
  std::thread rude([&] {
    for (int i = 0; i < 5; ++i) close(listener.Accept());
  });
  Watcher watcher(options, RealClock::Get(), Note());
  watcher.Watch({At(listener.port())});
  Samples(5);
  rude.join();
  MutexLock lock(&mutex_);
  ASSERT_GE(when_.size(), 5u);
  EXPECT_GE(when_[4] - when_[3], options.retry - absl::Milliseconds(1));  // poll() counts in those
}

}  // namespace
}  // namespace weft::monitor
