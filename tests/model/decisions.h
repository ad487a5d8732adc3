#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "tests/model/state.h"

namespace weft::model {

// What the controller's real Decide makes of a look, in the model's terms.
struct Decision {
  Memory memory;  // after the look (the real Remember)
  // One of: steps on servers, a step on the record, or neither (refused, waiting, settled).
  std::array<std::array<ServerStep, kMostSteps>, kServers> steps{};
  RecordStep record;
  bool settled = false;
  std::string text;  // the plan, for people
};

// Asks the real Remember and Decide (services/controller/core). A pure function of its arguments,
// so what was asked before is answered from memory. Where Decide takes the first of equals it goes
// by the servers' uuids: it is asked once for each order of them, so that states that differ by the
// servers' names only need not be told apart.
class Decisions {
 public:
  // The distinct decisions of a controller that sees `look` with that memory and record; `origin`
  // is who began which transaction. `fresh`: the look is new; else memory stays as it is.
  const std::vector<Decision>& Of(const State& state, const Look& look, bool fresh);

  size_t asked() const { return known_.size(); }

  // From now on every question is kept, for AreChanged.
  void Keep() { keeps_ = true; }
  // True when the core, as it is now, would answer one of them otherwise (removed.h).
  bool AreChanged() const;

 private:
  struct Question {
    State state;
    Look look;
    bool fresh;
    Decision answer;  // with the servers' own names
  };
  bool keeps_ = false;
  std::vector<Question> kept_;
  std::unordered_map<std::string, std::vector<Decision>> known_;
};

// "a", "b", "c".
std::string NameOf(int server);
// "{1,3}": transactions by their number.
std::string TextOf(Set transactions);
std::string TextOf(const ServerStep& step, int server);

}  // namespace weft::model
