#pragma once

#include <string>

#include "tests/model/state.h"

// How the servers of a state behave: as those of tests/simulation, which are held to real servers
// by tests/contract, but for what time decides there. What breaks a rule is told by `broken`:
// empty, or "rule N: what".
namespace weft::model {

// --- the network
bool Linked(const State& state, int a, int b);
bool LeaderReaches(const State& state, int server);
bool MonitorsReach(const State& state, int server);
// Its port would answer.
bool Answers(const Server& server);

// --- servers
void Crash(State* state, int server);
void Restart(State* state, int server);
// A client's write; REQUIRES: it may write there, and fewer than kMostTransactions were begun.
void Commit(State* state, int server, std::string* broken);
// An administrator's write on a server that is not the primary.
void WriteErrant(State* state, int server);
// Each does one thing on a server if it can, and says whether it did.
bool Connect(State* state, int replica);
bool Disconnect(State* state, int replica);  // it gives its silent source up
bool Receive(State* state, int replica);
bool Apply(State* state, int replica);
bool TakeAcknowledgement(State* state, int from, int to, std::string* broken);

// --- statements
enum class Ran { kBlocked, kGoesOn, kDone };
// The next statement of a step. kBlocked: nothing was changed.
Ran RunStatement(State* state, int server, ServerStep* step, std::string* broken);

// What one look of the leader sees.
Look LookAt(const State& state);
// What happens by itself and at once; fields that mean nothing are cleared.
void Normalize(State* state);

}  // namespace weft::model
