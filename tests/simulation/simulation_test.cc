// Plays many generated scenarios. By environment:
//   WEFT_SIMULATION_SECONDS  how long (default 60; scenarios are begun until it is over)
//   WEFT_SIMULATION_SEEDS    how many at most (default 40000, so that every run plays the same)
//   WEFT_SIMULATION_FIRST    the first seed (default 1)
//   WEFT_SIMULATION_THREADS  how many threads share them (default 2); each scenario has one
// A seed that fails is shrunk, and printed as a history that tests/histories can replay.
#include "gtest/gtest.h"
#include "tests/simulation/many.h"
#include "tests/simulation/run.h"

namespace weft::simulation {
namespace {

TEST(SimulationTest, EveryRuleHoldsInEveryGeneratedScenario) {
  const Totals totals = PlayMany(FromEnvironment("WEFT_SIMULATION_FIRST", 1),
                                 FromEnvironment("WEFT_SIMULATION_SEEDS", 40'000), 60, &Generate);
  EXPECT_GT(totals.played, 0u);
  EXPECT_EQ(totals.failed, 0u);
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
