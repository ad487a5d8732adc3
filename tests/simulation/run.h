#pragma once

#include <string>
#include <vector>

#include "tests/simulation/scenario.h"

namespace weft::simulation {

// How a scenario went.
struct Outcome {
  std::string failure;  // "rule: what"; empty: everything held
  std::vector<std::string> log;
  int acked = 0;
  uint64_t epochs = 0;
  int looks = 0;
  Millis last_act = 0;  // when a controller last did something

  bool ok() const { return failure.empty(); }
};

// Plays it from the creation of the group until all faults are healed and the group has settled,
// and looks whether what must hold held. `keep_log`: with what each controller did, for people.
Outcome Simulate(const Scenario& scenario, bool keep_log);

// The smallest part of the scenario's faults that still fails by the same rule.
Scenario Shrink(const Scenario& scenario);

}  // namespace weft::simulation
