// Every fault at every moment of every change, in a small farm: three servers, two controllers, two
// monitors. What chance would have to hit (a controller that dies between two steps, a server that
// dies while it is promoted) is hit here on purpose: time moves on by ticks, and a fault at a tick
// falls between two statements. By environment:
//   WEFT_SWEEP_FAULTS        how many faults come into each change: 1 (default), or 2
//   WEFT_SWEEP_STRIDE        every so many-th scenario only (default 7: each fault at every seventh
//                            tick; 1: at every tick)
//   WEFT_SIMULATION_SECONDS  how long at most (default: until all are played)
// and as simulation_test. A scenario that fails is shrunk and printed as a history.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/simulation/many.h"
#include "tests/simulation/run.h"
#include "tests/simulation/scenario.h"

namespace weft::simulation {
namespace {

constexpr Millis kBegins = 1200;
constexpr uint64_t kNoLimit = 86'400;
// Shorter than what any deadline forgives, and longer than every lease, verdict and deadline.
const std::vector<Millis> kLengths = {60, 2500};

// What is done to the group while nothing else happens, as in a history.
const std::vector<absl::string_view> kChanges = {
    "1200ms promote b",
    "1200ms promote best",
    "1200ms demote\n1500ms promote best",
    "1200ms crash primary for 400ms",
    "1200ms hang primary for 2500ms",
    "1200ms isolate primary for 2500ms",
    "1200ms crash b for 100ms",
    "1200ms spare b\n1600ms secondary b",
    "1200ms async for 100ms",
    "1200ms deactivate for 300ms\n1300ms crash primary for 900ms",
};

Scenario Undisturbed(absl::string_view change) {
  Scenario scenario = *ParseScenario(change);
  scenario.world.servers = 3;
  scenario.world.controllers = 2;
  return scenario;
}

std::vector<Fault> FaultsAt(Millis at) {
  return EveryFault(Undisturbed(kChanges.front()).world, at, kLengths);
}

// All scenarios with a number of faults in a change, in a fixed order. A fault comes at any tick
// from just before the change begins until the controllers have done the last thing for it.
class Sweep {
 public:
  explicit Sweep(int faults) : faults_(faults), kinds_(FaultsAt(0).size()) {
    for (const absl::string_view what : kChanges) {
      Change change;
      change.undisturbed = Undisturbed(what);
      const Outcome outcome = Simulate(change.undisturbed, /*keep_log=*/false);
      EXPECT_TRUE(outcome.ok()) << what << ": " << outcome.failure;
      EXPECT_GT(outcome.last_act, kBegins) << what << " was not done";
      change.disturbances = kinds_ * ((outcome.last_act - kBegins) / kTick + 2);
      change.size = 1;
      for (int i = 0; i < faults_; ++i) change.size *= change.disturbances;
      changes_.push_back(std::move(change));
    }
  }

  uint64_t kinds() const { return kinds_; }

  uint64_t size() const {
    uint64_t all = 0;
    for (const Change& change : changes_) all += change.size;
    return all;
  }

  Scenario Number(uint64_t number) const {
    auto change = changes_.begin();
    for (; number >= change->size; ++change) number -= change->size;
    Scenario scenario = change->undisturbed;
    for (int i = 0; i < faults_; ++i) {
      const uint64_t disturbance = number % change->disturbances;
      number /= change->disturbances;
      const Millis at = kBegins + (static_cast<Millis>(disturbance / kinds_) - 1) * kTick;
      scenario.faults.push_back(FaultsAt(at)[disturbance % kinds_]);
    }
    std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.at < b.at; });
    return scenario;
  }

 private:
  struct Change {
    Scenario undisturbed;
    uint64_t disturbances = 0;  // faults times moments
    uint64_t size = 0;          // scenarios
  };

  const int faults_;
  const uint64_t kinds_;
  std::vector<Change> changes_;
};

TEST(SweepTest, EveryRuleHoldsWithAnyFaultAtAnyMomentOfAnyChange) {
  const Sweep sweep(static_cast<int>(FromEnvironment("WEFT_SWEEP_FAULTS", 1)));
  const uint64_t stride = FromEnvironment("WEFT_SWEEP_STRIDE", 7);
  ASSERT_EQ(std::gcd(stride, sweep.kinds()), 1u) << "some faults would never be played";
  const Totals totals = PlayMany(0, sweep.size() / stride, kNoLimit,
                                 [&](uint64_t number) { return sweep.Number(number * stride); });
  EXPECT_EQ(totals.failed, 0u);
  EXPECT_GT(totals.epochs, totals.played);
}

}  // namespace
}  // namespace weft::simulation
