#include "tests/model/farm.h"

#include "absl/strings/str_cat.h"
#include "tests/model/decisions.h"

namespace weft::model {
namespace {

int Third(int a, int b) { return kServers - a - b; }

int Lowest(Set set) {
  int t = 0;
  while (!Has(set, t)) ++t;
  return t;
}

// A client is told OK. As tests/simulation/checkers/two_writable.cc.
void TellOk(State* state, int server, int transaction, bool waited, std::string* broken) {
  const Record& record = state->record;
  if (record.epoch > 0 && server != record.primary) {
    const bool late =
        record.primary != kNobody && Has(state->servers[record.primary].executed, transaction);
    if (!late) {
      *broken = absl::StrCat("rule 2: ", NameOf(server), " tells a client OK, and the primary is ",
                             NameOf(record.primary));
    }
  }
  if (!waited && server == record.primary && state->commits_wait != 0) {
    *broken = absl::StrCat("rule 5: ", NameOf(server), " tells a client OK unacknowledged");
  }
  if (!waited) return;
  state->promised |= Bit(transaction);
  if (server == record.primary && record.acknowledgers != 0) state->commits_wait = 1;
}

// Those up to `last` need not wait any more.
void Release(State* state, int server, int last, bool waited, std::string* broken) {
  Server& there = state->servers[server];
  for (int t = 0; t <= last; ++t) {
    if (!Has(there.waiting, t)) continue;
    there.waiting &= ~Bit(t);
    there.executed |= Bit(t);
    if (!Has(there.clients, t)) continue;
    there.clients &= ~Bit(t);
    TellOk(state, server, t, waited, broken);
  }
}

void Disarm(State* state, int server, std::string* broken) {
  state->servers[server].armed = 0;
  Release(state, server, kMostTransactions, /*waited=*/false, broken);
}

void StopReceiver(Server* server) { server->receiver = server->connected = 0; }

Ran RunFollow(State* state, int server, ServerStep* step, std::string* broken) {
  Server& there = state->servers[server];
  switch (step->done++) {
    case 0:
      if (there.waiting != 0) {
        --step->done;
        return Ran::kBlocked;
      }
      there.read_only = 1;
      if (there.armed != 0) Disarm(state, server, broken);
      return Ran::kGoesOn;
    case 1:
      there.flag = step->flag;
      return there.configured != 0 && there.source == step->server && there.receiver != 0 &&
                     there.applier != 0 && (there.connected == 0 || there.semi == step->flag)
                 ? Ran::kDone
                 : Ran::kGoesOn;
    case 2:
      StopReceiver(&there);
      return Ran::kGoesOn;
    case 3:
      there.configured = 1;
      there.source = step->server;
      return Ran::kGoesOn;
    default:
      there.applier = there.receiver = 1;
      return Ran::kDone;
  }
}

Ran RunFence(State* state, int server, const ServerStep& step, std::string* broken) {
  Server& there = state->servers[server];
  if (step.flag == 0 && there.waiting != 0) return Ran::kBlocked;
  there.clients = 0;
  if (there.waiting != 0) Disarm(state, server, broken);
  there.read_only = 1;
  return Ran::kDone;
}

Ran RunDetach(Server* server, ServerStep* step) {
  StopReceiver(server);
  server->applier = 0;
  if (step->done++ == 0) return Ran::kGoesOn;
  server->configured = server->source = server->flag = 0;
  server->received = 0;
  return Ran::kDone;
}

}  // namespace

bool Linked(const State& state, int a, int b) {
  return a != b && !Has(state.isolated, a) && !Has(state.isolated, b) &&
         !Has(state.pair_cut, Third(a, b));
}
bool MonitorsReach(const State& state, int server) {
  return !Has(state.isolated | state.weft_cut, server);
}
bool LeaderReaches(const State& state, int server) {
  return MonitorsReach(state, server) && !Has(state.leader_cut, server);
}
bool Answers(const Server& server) { return server.process == kUp && server.rejects == 0; }

void Crash(State* state, int server) {
  Server& there = state->servers[server];
  there.process = kDown;
  there.rejects = 0;
  there.waiting = there.clients = 0;
  there.executed |= there.binlog;
  there.late = {};
  StopReceiver(&there);
  for (Server& other : state->servers) other.acks[server] = 0;
}

void Restart(State* state, int server) {
  Server& there = state->servers[server];
  there.process = kUp;
  there.read_only = 1;
  there.armed = there.flag = 0;
  there.received = 0;  // what was not applied is fetched again
  there.applier = there.receiver = there.configured;
  for (Server& other : state->servers) {
    if (other.configured != 0 && other.source == server) other.connected = 0;
  }
}

void Commit(State* state, int server, std::string* broken) {
  Server& there = state->servers[server];
  const int t = state->count();
  state->origin[t] = static_cast<uint8_t>(server);
  there.binlog |= Bit(t);
  if (there.armed != 0 || there.waiting != 0) {
    there.waiting |= Bit(t);
    there.clients |= Bit(t);
    return;
  }
  there.executed |= Bit(t);
  TellOk(state, server, t, /*waited=*/false, broken);
}

void WriteErrant(State* state, int server) {
  const int t = state->count();
  state->origin[t] = static_cast<uint8_t>(server);
  state->servers[server].binlog |= Bit(t);
  state->servers[server].executed |= Bit(t);
  if (state->record.epoch > 0) state->errant |= Bit(t);
}

bool Connect(State* state, int replica) {
  Server& there = state->servers[replica];
  if (there.process != kUp || there.receiver == 0 || there.connected != 0) return false;
  const Server& source = state->servers[there.source];
  if (!Linked(*state, replica, there.source) || source.process != kUp) return false;
  there.connected = 1;
  there.heard = 0;
  there.semi = there.flag;
  if (there.semi == 0) return true;
  // What it already has counts as acknowledged by its request.
  for (int t = 0; t < kMostTransactions; ++t) {
    if (!Has(source.waiting, t)) continue;
    if (!Has(there.executed | there.received, t)) break;
    there.acks[there.source] |= Bit(t);
  }
  return true;
}

bool Disconnect(State* state, int replica) {
  Server& there = state->servers[replica];
  if (there.process != kUp || there.connected == 0) return false;
  if (Linked(*state, replica, there.source) && state->servers[there.source].process == kUp) {
    return false;
  }
  there.connected = 0;
  return true;
}

bool Receive(State* state, int replica) {
  Server& there = state->servers[replica];
  if (there.process != kUp || there.connected == 0) return false;
  const Server& source = state->servers[there.source];
  if (!Linked(*state, replica, there.source) || source.process != kUp) return false;
  const Set missing = source.binlog & ~(there.executed | there.received);
  if (missing == 0) return false;
  const Set next = Bit(Lowest(missing));
  there.received |= next;
  if (there.semi != 0 && source.armed != 0) there.acks[there.source] |= next;
  return true;
}

bool Apply(State* state, int replica) {
  Server& there = state->servers[replica];
  const Set missing = there.received & ~there.executed;
  if (there.process != kUp || there.applier == 0 || there.armed != 0 || missing == 0) return false;
  const Set next = Bit(Lowest(missing));
  there.executed |= next;
  there.binlog |= next;
  return true;
}

bool TakeAcknowledgement(State* state, int from, int to, std::string* broken) {
  Set& acks = state->servers[from].acks[to];
  if (acks == 0 || state->servers[to].process != kUp || !Linked(*state, from, to)) return false;
  const int t = Lowest(acks);
  acks &= ~Bit(t);
  // It covers what is before it; a source that was disarmed meanwhile has let go of all.
  if (Has(state->servers[to].waiting, t)) Release(state, to, t, /*waited=*/true, broken);
  return true;
}

Ran RunStatement(State* state, int server, ServerStep* step, std::string* broken) {
  Server& there = state->servers[server];
  switch (step->kind) {
    case kFence:
      return RunFence(state, server, *step, broken);
    case kUnfence:
      if (step->flag != 0 && there.armed == 0) return Ran::kBlocked;
      there.read_only = 0;
      return Ran::kDone;
    case kStopReplica:
      there.applier = 0;
      StopReceiver(&there);
      return Ran::kDone;
    case kStopReceiver:
      StopReceiver(&there);
      return Ran::kDone;
    case kCatchUp:
      if (Contains(there.executed, step->set)) return Ran::kDone;
      if (there.applier == there.configured) return Ran::kBlocked;
      there.applier = there.configured;
      return Ran::kGoesOn;
    case kFollow:
      return RunFollow(state, server, step, broken);
    case kDetach:
      return RunDetach(&there, step);
    case kArm:
      if (step->flag == 0) Disarm(state, server, broken);
      there.armed = step->flag;
      return Ran::kDone;
    default:
      return Ran::kDone;
  }
}

namespace {

Seen SeenOf(const State& state, int server) {
  const Server& there = state.servers[server];
  Seen seen;
  seen.lost = there.lost;
  const bool reaches = LeaderReaches(state, server);
  seen.refused = reaches && there.process == kDown;
  if (!reaches || there.process != kUp) return seen;
  seen.contact = there.rejects;
  if (there.rejects != 0) return seen;
  seen.read_only = there.read_only;
  seen.armed = there.armed;
  seen.flag = there.flag;
  seen.active = there.connected != 0 && there.semi != 0;
  seen.configured = there.configured;
  if (there.configured != 0) {
    seen.source = there.source;
    seen.receiver = there.receiver == 0 ? 0 : there.connected == 0 ? 1 : 2;
    seen.failing = seen.receiver == 1 && (!Linked(state, server, there.source) ||
                                          state.servers[there.source].process != kUp);
    seen.applier = there.applier;
    seen.heard = there.heard;
  }
  seen.executed = there.executed;
  seen.received = there.received;
  seen.waiting = there.waiting != 0;
  for (int i = 0; i < kServers; ++i) {
    const Server& other = state.servers[i];
    if (i == server || other.connected == 0 || other.source != server) continue;
    seen.streaming_to |= Bit(i);
    seen.clients += other.semi;
  }
  return seen;
}

}  // namespace

Look LookAt(const State& state) {
  Look look;
  for (int i = 0; i < kServers; ++i) look[i] = SeenOf(state, i);
  return look;
}

void Normalize(State* state) {
  for (int i = 0; i < kServers; ++i) {
    Server& there = state->servers[i];
    there.received &= ~there.executed;
    if (there.connected != 0 && Linked(*state, i, there.source)) {
      if (state->servers[there.source].process == kDown) there.connected = 0;
      if (state->servers[there.source].process == kUp) there.heard = 0;
    }
    if (there.connected == 0) there.semi = 0;
    if (there.connected == 0) there.heard = 2;
    if (there.configured == 0) there.source = 0;
  }
  Leader& leader = state->leader;
  if (leader.record.kind == kNoRecord) leader.look = Look{};
}

}  // namespace weft::model
