// Every state of the model within its bounds, with the guards of the core in place: no rule breaks.
// Longer explorations, and what breaks without each guard: tests/model/run.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
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

// What the leader decides or does: with the guard in place it may be something else.
bool IsOfTheLeader(absl::string_view move) {
  return absl::StartsWith(move, "look: ") || absl::StartsWith(move, "record: ") ||
         absl::EndsWith(move, ")");  // "unfence b (1)": a step
}

// Where what servers, network or people did cannot be done any more a counterexample has become
// stale, and shows nothing: write it anew (tests/model/run --counterexamples).
TEST(CounterexamplesTest, HoldWithTheGuardInPlace) {
  int kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCounterexamples)) {
    if (entry.path().filename() == "none.txt") continue;
    std::ifstream file(entry.path());
    std::string scope;
    std::vector<std::string> trace;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("scope: ")) scope = line.substr(7);
      if (line.starts_with("  ")) trace.push_back(line.substr(2));
    }
    ASSERT_FALSE(trace.empty()) << entry.path();
    const Replayed replayed = Replay(ScopeOf(scope), trace);
    absl::string_view held = replayed.held_at;
    absl::ConsumePrefix(&held, "cannot be done: ");
    held = held.substr(0, held.find("; but: "));
    EXPECT_TRUE(held.empty() || IsOfTheLeader(held)) << entry.path() << ": " << held;
    EXPECT_EQ(replayed.broken, "") << entry.path();
    ++kept;
  }
  EXPECT_GT(kept, 0);
}

}  // namespace
}  // namespace weft::model
