#pragma once

#include <cstdint>
#include <functional>

#include "tests/simulation/scenario.h"

namespace weft::simulation {

// How many scenarios went.
struct Totals {
  uint64_t played = 0;
  uint64_t failed = 0;
  uint64_t acked = 0;   // writes that were acknowledged
  uint64_t epochs = 0;  // changes of primary
  uint64_t rounds = 0;  // of controllers that acted or were refused
};

// The value of an environment variable, or `usual`.
uint64_t FromEnvironment(const char* name, uint64_t usual);

// Plays make(first) to make(first + most - 1), and prints the first three that fail, shrunk, as
// histories that tests/histories can replay. None is begun after the third failure, nor after
// WEFT_SIMULATION_SECONDS (`seconds` where it is not set). WEFT_SIMULATION_THREADS (2) threads
// share them; `make` is called by all. Prints the totals.
Totals PlayMany(uint64_t first, uint64_t most, uint64_t seconds,
                const std::function<Scenario(uint64_t)>& make);

}  // namespace weft::simulation
