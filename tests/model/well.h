#pragma once

#include <string>
#include <unordered_set>

#include "tests/model/decisions.h"
#include "tests/model/state.h"

namespace weft::model {

// Heals everything and lets the leader work, in one order, until it has nothing to do. Empty if all
// is then well: nothing acknowledged is lost, one server is writable, its commits are acknowledged,
// and what is errant is set aside (rules 1, 2, 6 and 8); else "rule N: what". `good`: the hashes of
// states that are known to end well; what is met on the way to a good end is added.
std::string WhyNotWell(State state, Decisions* decisions, std::unordered_set<uint64_t>* good);

// A group that has settled with a as its primary; the others follow it. `rule` and `status` are c's
// (PromotionRule, ServerStatus).
State Settled(uint8_t rule, uint8_t status, Decisions* decisions);

}  // namespace weft::model
