#pragma once

#include <string>
#include <vector>

#include "tests/model/decisions.h"
#include "tests/model/state.h"

namespace weft::model {

enum class Kind : uint8_t {
  // --- what the servers and the network do
  kWrite,       // a client, on `server`
  kConnect,     // a receiver
  kDisconnect,  // a receiver gives up
  kReceive,
  kApply,
  kAcknowledge,  // of `server` arrives at `other`
  kFallSilent,   // a receiver has heard nothing for long
  kNotice,       // the monitors change their mind
  kRunLate,      // what was sent to a server that could not be asked
  // --- what the leader does
  kLook,        // `other`: which of the decisions
  kStep,        // the next statement
  kFail,        // of a step, whose server does not answer; `other` = 1: it will get to it later
  kTimeOut,     // of a step that is blocked
  kRecord,      // the step on the record; `other` > 0: and a decision by the same look
  kLead,        // a new controller
  kTimePasses,  // silences are long
  kBudgetEnds,  // of a switchover
  // --- faults, and their ends
  kCrash,
  kHang,
  kIsolate,
  kCutFromWeft,
  kCutFromLeader,
  kCutPair,      // the two others
  kFill,         // no more connections
  kBreak,        // a receiver's connection, with what is on its way
  kErrant,       // an administrator writes on another than the primary
  kCrashLeader,  // `server`: which gets to the statement later; kNobody: none
  kRestart,
  kWake,
  kHeal,
  kHealWeft,
  kHealLeader,
  kHealPair,
  kEmpty,  // connections are free again
  // --- people
  kPromote,  // `server`, or kNobody: the best
  kDemote,
};

// What is explored: where it begins, and what may happen.
struct Bounds {
  int faults = 1;
  int requests = 0;          // to promote the best or any server, or to demote
  int transactions = 2;      // that clients and administrators begin, at most kMostTransactions
  bool whole_steps = false;  // a step's statements are run at once
  uint64_t kinds = ~0ULL;    // of faults: bits of Kind
};

struct Move {
  Kind kind;
  uint8_t server = kNobody;
  uint8_t other = 0;
};

struct Next {
  Move move;
  State state;
  std::string broken;  // "rule N: what" when a rule is broken by it
};

// Everything that can happen next.
void Expand(const State& state, const Bounds& bounds, Decisions* decisions,
            std::vector<Next>* next);
// What a move is called: "crash a". REQUIRES: `move` can be made in `state`.
std::string TextOf(const State& state, const Move& move, Decisions* decisions);

}  // namespace weft::model
