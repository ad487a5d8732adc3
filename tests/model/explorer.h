#pragma once

#include <string>
#include <vector>

#include "tests/model/decisions.h"
#include "tests/model/moves.h"
#include "tests/model/state.h"

namespace weft::model {

// Where an exploration begins, and how far it goes.
struct Scope {
  std::string name;
  Bounds bounds;
  uint8_t rule = 1;    // of c: PromotionRule
  uint8_t status = 1;  // of c: ServerStatus
  double seconds = 3600;
};

// The scopes that are explored, by name. `faults` < 0: as many as each is for.
std::vector<Scope> Scopes(int faults);

struct Outcome {
  size_t states = 0;  // that differ by more than the servers' names
  size_t moves = 0;
  size_t decisions = 0;  // looks that Decide was asked about
  int depth = 0;
  bool exhausted = false;  // every state within the bounds was seen
  std::string broken;      // the first rule that breaks, on a shortest way; empty: none does
  std::vector<std::string> trace;  // the moves to it
};

// Every state that can be reached within the scope, breadth first; stops where a rule breaks.
// States are remembered by a hash of 64 bits. Deterministic.
Outcome Explore(const Scope& scope);

// Of the guards 1 to `most` (removed.h) those without which some decision within the scope would be
// another one: only they can have a counterexample there.
std::vector<int> Touched(const Scope& scope, int most);

// Makes the moves of that trace. `held_at`: the first that cannot be made now, with what can be
// instead; empty when all were made. Broken: the rule that broke by the last one that was made.
struct Replayed {
  std::string held_at;
  std::string broken;
};
Replayed Replay(const Scope& scope, const std::vector<std::string>& trace);

}  // namespace weft::model
