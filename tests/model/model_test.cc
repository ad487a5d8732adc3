// Every state of the model within its bounds, with the guards of the core in place: no rule breaks.
// Longer explorations, and what breaks without each guard: tests/model/run.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/explorer.h"

namespace weft::model {
namespace {

constexpr char kCounterexamples[] = "tests/model/counterexamples";

Scope ScopeOf(const std::string& name) {
  for (const Scope& scope : Scopes(/*faults=*/-1)) {
    if (scope.name == name) return scope;
  }
  ADD_FAILURE() << "no scope " << name;
  return {};
}

class ModelTest : public testing::TestWithParam<const char*> {};

TEST_P(ModelTest, NoRuleBreaksInAnyStateWithinTheBounds) {
  const Outcome outcome = Explore(ScopeOf(GetParam()));
  std::cout << outcome.states << " states, " << outcome.moves << " moves, depth " << outcome.depth
            << ", " << outcome.decisions << " looks\n";
  EXPECT_EQ(outcome.broken, "");
  for (const std::string& move : outcome.trace) std::cout << "  " << move << "\n";
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_GT(outcome.states, 10'000u);
}

INSTANTIATE_TEST_SUITE_P(OneFault, ModelTest, testing::Values("failover", "must-not", "spare"));

TEST(CounterexamplesTest, HoldWithTheGuardInPlace) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kCounterexamples, error)) {
    std::ifstream file(entry.path());
    std::string scope;
    std::vector<std::string> trace;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("scope: ")) scope = line.substr(7);
      if (line.starts_with("  ")) trace.push_back(line.substr(2));
    }
    if (trace.empty()) continue;  // one that another checker sees
    EXPECT_EQ(Replay(ScopeOf(scope), trace).broken, "") << entry.path();
  }
}

}  // namespace
}  // namespace weft::model
