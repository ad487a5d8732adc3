#include "common/base/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace weft {
namespace {

TEST(InterruptTest, RunsWhatIsRegisteredAndOnlyThat) {
  Interrupt interrupt;
  int calls = 0;
  {
    const Interrupt::Scope scope(&interrupt, [&calls] { ++calls; });
    interrupt.Raise();
    interrupt.Raise();
  }
  interrupt.Raise();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(interrupt.count(), 3);
}

TEST(InterruptTest, WhoComesLateIsToldAtOnce) {
  Interrupt interrupt;
  interrupt.Raise();
  int calls = 0;
  const Interrupt::Scope scope(&interrupt, [&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(InterruptTest, WakesWhoWaits) {
  Interrupt interrupt;
  EXPECT_FALSE(interrupt.AwaitBeyond(0, absl::Milliseconds(1)));
  std::thread raiser([&interrupt] { interrupt.Raise(); });
  EXPECT_TRUE(interrupt.AwaitBeyond(0, absl::Seconds(60)));
  raiser.join();
  interrupt.Reset();
  EXPECT_FALSE(interrupt.raised());
}

TEST(InterruptTest, SignalsRaiseIt) {
  static auto* const interrupt = new Interrupt;
  Interrupt::Install(interrupt);
  raise(SIGINT);
  EXPECT_TRUE(interrupt->AwaitBeyond(0, absl::Seconds(60)));
  raise(SIGTERM);
  EXPECT_TRUE(interrupt->AwaitBeyond(1, absl::Seconds(60)));
}

}  // namespace
}  // namespace weft
