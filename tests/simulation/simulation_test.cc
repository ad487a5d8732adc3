// Plays many generated scenarios. By environment:
//   WEFT_SIMULATION_SECONDS  how long (default 60; scenarios are started until it is over)
//   WEFT_SIMULATION_SEEDS    how many at most
//   WEFT_SIMULATION_FIRST    the first seed (default 1)
//   WEFT_SIMULATION_THREADS  how many threads share them (default 2); each scenario has one
// A seed that fails is shrunk, and printed as a history that tests/histories can replay.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

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
  const auto began = std::chrono::steady_clock::now();
  const auto end = began + std::chrono::seconds(FromEnvironment("WEFT_SIMULATION_SECONDS", 60));
  const uint64_t first = FromEnvironment("WEFT_SIMULATION_FIRST", 1);
  const uint64_t most = FromEnvironment("WEFT_SIMULATION_SEEDS", 1'000'000);
  std::atomic<uint64_t> next{first};
  Totals totals;
  std::mutex mutex;
  std::vector<uint64_t> failing;
  const auto work = [&] {
    while (std::chrono::steady_clock::now() < end) {
      const uint64_t seed = next++;
      if (seed >= first + most) return;
      const Outcome outcome = Simulate(Generate(seed), /*keep_log=*/false);
      ++totals.seeds;
      totals.acked += outcome.acked;
      totals.epochs += outcome.epochs;
      totals.rounds += outcome.looks;
      if (outcome.ok()) continue;
      const std::lock_guard<std::mutex> lock(mutex);
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
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << totals.seeds << " seeds in " << took.count() << " s ("
            << static_cast<double>(totals.seeds) / took.count() << " per second), " << totals.acked
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

TEST(ScenarioTest, FaultsAreReadAsTheyArePrinted) {
  for (uint64_t seed = 1; seed < 200; ++seed) {
    for (const Fault& fault : Generate(seed).faults) {
      const absl::StatusOr<Fault> read = ParseFault(ToString(fault));
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(ToString(*read), ToString(fault));
    }
  }
}

}  // namespace
}  // namespace weft::simulation
