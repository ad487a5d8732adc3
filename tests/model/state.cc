#include "tests/model/state.h"

#include <algorithm>
#include <cstddef>

namespace weft::model {
namespace {

uint8_t One(uint8_t server, const Names& names) {
  return server == kNobody ? kNobody : names[server];
}

uint8_t Many(uint8_t servers, const Names& names) {
  uint8_t renamed = 0;
  for (int i = 0; i < kServers; ++i) {
    if (Has(servers, i)) renamed |= Bit(names[i]);
  }
  return renamed;
}

template <typename T>
std::array<T, kServers> Moved(const std::array<T, kServers>& from, const Names& names) {
  std::array<T, kServers> to{};
  for (int i = 0; i < kServers; ++i) to[names[i]] = from[i];
  return to;
}

ServerStep Renamed(ServerStep step, const Names& names) {
  if (step.kind == kFollow) step.server = names[step.server];
  return step;
}

Server Renamed(Server server, const Names& names) {
  if (server.configured != 0) server.source = names[server.source];
  server.acks = Moved(server.acks, names);
  server.late = Renamed(server.late, names);
  return server;
}

Seen Renamed(Seen seen, const Names& names) {
  if (seen.configured != 0) seen.source = names[seen.source];
  seen.streaming_to = Many(seen.streaming_to, names);
  return seen;
}

void Rename(Memory* memory, const Names& names) {
  memory->silent = Moved(memory->silent, names);
  memory->unable = Moved(memory->unable, names);
  memory->unable_marked = Moved(memory->unable_marked, names);
  memory->unable_mark = Moved(memory->unable_mark, names);
  memory->returned = Moved(memory->returned, names);
  memory->returned_mark = Moved(memory->returned_mark, names);
  memory->returned_waiting = Moved(memory->returned_waiting, names);
}

void Rename(Record* record, const Names& names) {
  record->primary = One(record->primary, names);
  record->acknowledgers = Many(record->acknowledgers, names);
  record->target = One(record->target, names);
  record->status = Moved(record->status, names);
  record->rule = Moved(record->rule, names);
  record->aside = Moved(record->aside, names);
  record->errant = Moved(record->errant, names);
}

void Rename(Leader* leader, const Names& names) {
  Rename(&leader->memory, names);
  leader->record.server = One(leader->record.server, names);
  leader->record.servers = Many(leader->record.servers, names);
  for (auto& steps : leader->steps) {
    for (ServerStep& step : steps) step = Renamed(step, names);
  }
  leader->steps = Moved(leader->steps, names);
  for (Seen& seen : leader->look) seen = Renamed(seen, names);
  leader->look = Moved(leader->look, names);
}

}  // namespace

State Renamed(const State& state, const Names& names) {
  State renamed = state;
  for (Server& server : renamed.servers) server = Renamed(server, names);
  renamed.servers = Moved(renamed.servers, names);
  for (uint8_t& origin : renamed.origin) origin = One(origin, names);
  Rename(&renamed.record, names);
  Rename(&renamed.leader, names);
  renamed.isolated = Many(renamed.isolated, names);
  renamed.weft_cut = Many(renamed.weft_cut, names);
  renamed.leader_cut = Many(renamed.leader_cut, names);
  renamed.pair_cut = Many(renamed.pair_cut, names);
  return renamed;
}

State Canonical(const State& state, Names* names) {
  // Servers differ by what can be said of each alone, mostly; where two do not, both orders are
  // tried.
  Names order{0, 1, 2};
  *names = order;
  State least = state;
  while (std::next_permutation(order.begin(), order.end())) {
    // Where the first bytes decide, the rest need not be renamed.
    Names back{};
    for (int i = 0; i < kServers; ++i) back[order[i]] = static_cast<uint8_t>(i);
    constexpr size_t kAlone = offsetof(Server, configured);
    const int first = std::memcmp(&state.servers[back[0]], &least.servers[0], kAlone);
    if (first > 0) continue;
    const State other = Renamed(state, order);
    if (first < 0 || std::memcmp(&other, &least, sizeof(State)) < 0) {
      least = other;
      *names = order;
    }
  }
  return least;
}

uint64_t Hash(const State& state) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&state);
  uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (size_t i = 0; i < sizeof(State); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, std::min<size_t>(8, sizeof(State) - i));
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9ULL;
    hash ^= hash >> 29;
  }
  hash = (hash ^ (hash >> 30)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

}  // namespace weft::model
