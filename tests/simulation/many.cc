#include "tests/simulation/many.h"

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "tests/simulation/run.h"

namespace weft::simulation {
namespace {

constexpr uint64_t kMostFailures = 3;

void Explain(uint64_t number, const Scenario& scenario, const std::string& failure) {
  const Scenario smallest = Shrink(scenario);
  const Outcome outcome = Simulate(smallest, /*keep_log=*/true);
  std::cout << "\nscenario " << number << " fails: " << failure << "\nshrunk to:\n"
            << ToString(smallest) << "----\n";
  for (const std::string& line : outcome.log) std::cout << line << "\n";
  std::cout << outcome.failure << "\n" << std::flush;
}

}  // namespace

uint64_t FromEnvironment(const char* name, uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

Totals PlayMany(uint64_t first, uint64_t most, uint64_t seconds,
                const std::function<Scenario(uint64_t)>& make) {
  Clock* const clock = RealClock::Get();
  const absl::Duration began = clock->MonotonicNow();
  const absl::Duration end =
      began + absl::Seconds(FromEnvironment("WEFT_SIMULATION_SECONDS", seconds));
  std::atomic<uint64_t> next{first};
  Totals totals;
  Mutex mutex;
  const auto work = [&] {
    while (clock->MonotonicNow() < end) {
      const uint64_t number = next++;
      if (number >= first + most) return;
      const Scenario scenario = make(number);
      const Outcome outcome = Simulate(scenario, /*keep_log=*/false);
      MutexLock lock(&mutex);
      ++totals.played;
      totals.acked += outcome.acked;
      totals.epochs += outcome.epochs;
      totals.rounds += outcome.looks;
      if (outcome.ok()) continue;
      if (++totals.failed <= kMostFailures) Explain(number, scenario, outcome.failure);
      if (totals.failed >= kMostFailures) next = first + most;
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < FromEnvironment("WEFT_SIMULATION_THREADS", 2); ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  const double took = absl::ToDoubleSeconds(clock->MonotonicNow() - began);
  std::cout << totals.played << " of " << most << " scenarios in " << took << " s ("
            << static_cast<double>(totals.played) / took << " per second), " << totals.acked
            << " acknowledged writes, " << totals.epochs << " epochs, " << totals.rounds
            << " rounds that acted or were refused\n";
  return totals;
}

}  // namespace weft::simulation
