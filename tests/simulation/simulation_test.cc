// Plays many generated scenarios. By environment:
//   WEFT_SIMULATION_SECONDS  how long (default 60; scenarios are started until it is over)
//   WEFT_SIMULATION_SEEDS    how many at most (default 40000, so that every run plays the same)
//   WEFT_SIMULATION_FIRST    the first seed (default 1)
//   WEFT_SIMULATION_THREADS  how many threads share them (default 2); each scenario has one
// A seed that fails is shrunk, and printed as a history that tests/histories can replay.
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "gtest/gtest.h"
#include "tests/simulation/run.h"

namespace weft::simulation {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

struct Totals {
  std::atomic<uint64_t> seeds{0};
  std::atomic<uint64_t> acked{0};
  std::atomic<uint64_t> epochs{0};
  std::atomic<uint64_t> rounds{0};
};

void Explain(uint64_t seed, const std::string& failure) {
  const Scenario smallest = Shrink(Generate(seed));
  const Outcome outcome = Simulate(smallest, /*keep_log=*/true);
  std::cout << "\nseed " << seed << " fails: " << failure << "\nshrunk to:\n"
            << ToString(smallest) << "----\n";
  for (const std::string& line : outcome.log) std::cout << line << "\n";
  std::cout << outcome.failure << "\n" << std::flush;
}

TEST(SimulationTest, EveryRuleHoldsInEveryGeneratedScenario) {
  Clock* const clock = RealClock::Get();
  const absl::Duration began = clock->MonotonicNow();
  const absl::Duration end = began + absl::Seconds(FromEnvironment("WEFT_SIMULATION_SECONDS", 60));
  const uint64_t first = FromEnvironment("WEFT_SIMULATION_FIRST", 1);
  const uint64_t most = FromEnvironment("WEFT_SIMULATION_SEEDS", 40'000);
  std::atomic<uint64_t> next{first};
  Totals totals;
  Mutex mutex;
  std::vector<uint64_t> failing;
  const auto work = [&] {
    while (clock->MonotonicNow() < end) {
      const uint64_t seed = next++;
      if (seed >= first + most) return;
      const Outcome outcome = Simulate(Generate(seed), /*keep_log=*/false);
      ++totals.seeds;
      totals.acked += outcome.acked;
      totals.epochs += outcome.epochs;
      totals.rounds += outcome.looks;
      if (outcome.ok()) continue;
      MutexLock lock(&mutex);
      if (failing.size() >= 3) return;
      failing.push_back(seed);
      Explain(seed, outcome.failure);
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < FromEnvironment("WEFT_SIMULATION_THREADS", 2); ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  const double took = absl::ToDoubleSeconds(clock->MonotonicNow() - began);
  std::cout << totals.seeds << " seeds in " << took << " s ("
            << static_cast<double>(totals.seeds) / took << " per second), " << totals.acked
            << " acknowledged writes, " << totals.epochs << " epochs, " << totals.rounds
            << " rounds that acted or were refused\n";
  EXPECT_GT(totals.seeds, 0u);
  EXPECT_TRUE(failing.empty());
}

TEST(SimulationTest, TheSameSeedGoesTheSameWay) {
  for (const uint64_t seed : {3u, 14u, 159u}) {
    const Outcome once = Simulate(Generate(seed), /*keep_log=*/true);
    const Outcome again = Simulate(Generate(seed), /*keep_log=*/true);
    EXPECT_EQ(once.log, again.log);
    EXPECT_GT(once.acked, 0);
  }
}

TEST(ScenarioTest, ScenariosAreReadAsTheyArePrinted) {
  for (uint64_t seed = 1; seed < 200; ++seed) {
    const std::string text = ToString(Generate(seed));
    const absl::StatusOr<Scenario> read = ParseScenario(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToString(*read), text);
  }
}

TEST(ScenarioTest, WhatIsNoScenarioIsRefusedWithItsLine) {
  for (const char* text :
       {"servers many", "1200ms crash", "crash a", "12ms crash a for", "12ms fly a"}) {
    EXPECT_EQ(ParseScenario(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace weft::simulation
