#pragma once

#include <array>
#include <cstdint>
#include <cstring>

// The states of the model: a farm of three servers, its record in the state store, and the
// controller that leads with the phase that it has half done. All of it in bytes, so that a state
// is compared and hashed whole. There is no clock: what time decides (a silence is long enough, a
// budget is used up) happens when the explorer lets it happen, at every moment at which it may.
namespace weft::model {

inline constexpr int kServers = 3;
inline constexpr int kMostTransactions = 4;
inline constexpr uint8_t kNobody = 255;

// Bits: transactions, in the order of their beginnings; or servers.
using Set = uint8_t;

inline bool Has(Set set, int one) { return (set >> one & 1) != 0; }
inline Set Bit(int one) { return static_cast<Set>(1 << one); }
inline bool Contains(Set all, Set part) { return (part & ~all) == 0; }

enum Process : uint8_t { kUp, kHung, kDown };

// A step of a plan (services/controller/core/plan.h) on one server.
enum StepKind : uint8_t {
  kNoStep,
  kFence,    // flag: also where commits wait
  kUnfence,  // flag: only if it is armed
  kStopReceiver,
  kStopReplica,
  kCatchUp,  // set: the goal
  kFollow,   // server: the source; flag: acknowledge
  kDetach,
  kArm,  // flag: on
};

struct ServerStep {
  uint8_t kind = kNoStep;
  uint8_t server = 0;
  uint8_t flag = 0;
  uint8_t set = 0;
  uint8_t done = 0;  // statements of it
};

// As tests/simulation/sim_server.h, which is held to real servers by tests/contract.
struct Server {
  uint8_t process = kUp;
  uint8_t rejects = 0;  // too many connections
  uint8_t read_only = 1;
  uint8_t armed = 0;
  uint8_t flag = 0;  // semi-sync replica
  Set binlog = 0;
  Set executed = 0;
  Set waiting = 0;  // in the binary log, for acknowledgements
  Set clients = 0;  // of `waiting`: a client waits for the OK

  uint8_t configured = 0;
  uint8_t source = 0;
  uint8_t receiver = 0;  // started
  uint8_t connected = 0;
  uint8_t semi = 0;  // of the connection
  uint8_t applier = 0;
  uint8_t heard = 0;  // of the connection: 0 just now, 1 long ago, 2 not yet
  Set received = 0;
  std::array<Set, kServers> acks{};  // on their way, by whom they go to

  uint8_t lost = 0;  // to the monitors' quorum
  ServerStep late;   // a statement of a session whose controller waits no more
};

// What one look says of one server.
struct Seen {
  uint8_t contact = 2;  // 0 answered, 1 rejected, 2 unreachable
  uint8_t refused = 0;
  uint8_t read_only = 0;
  uint8_t armed = 0;
  uint8_t flag = 0;
  uint8_t active = 0;
  uint8_t configured = 0;
  uint8_t source = 0;
  uint8_t receiver = 0;  // 0 off, 1 connecting, 2 on
  uint8_t failing = 0;   // to connect
  uint8_t applier = 0;
  uint8_t heard = 0;
  Set executed = 0;
  Set received = 0;
  uint8_t waiting = 0;
  uint8_t streaming_to = 0;
  uint8_t clients = 0;
  uint8_t lost = 0;  // to the monitors
};
using Look = std::array<Seen, kServers>;

// core/memory.h, with times as 0 (not), 1 (just now), 2 (long ago).
struct Memory {
  uint8_t current = 0;  // it speaks of the record's epoch
  std::array<uint8_t, kServers> silent{};
  std::array<uint8_t, kServers> unable{};
  std::array<uint8_t, kServers> unable_marked{};
  std::array<Set, kServers> unable_mark{};
  std::array<uint8_t, kServers> returned{};
  std::array<Set, kServers> returned_mark{};
  std::array<uint8_t, kServers> returned_waiting{};
  uint8_t fenced = 0;
  uint8_t switching = 0;
};

enum RecordKind : uint8_t {
  kNoRecord,
  kCommit,            // server, servers, set (watermark), flag (the old one is FAULTY)
  kSetAcknowledgers,  // servers, set
  kSetStatus,         // server, flag (status), aside, set (errant)
  kBeginFailover,
  kBeginSwitchover,  // server
  kGiveUp,           // flag: why
  kFinish,
  kRefused,  // the pending intent ends
};

struct RecordStep {
  uint8_t kind = kNoRecord;
  uint8_t server = kNobody;
  uint8_t servers = 0;
  Set set = 0;
  uint8_t flag = 0;
  uint8_t aside = 0;
};

// The group's record.
struct Record {
  uint8_t epoch = 0;
  uint8_t primary = kNobody;
  uint8_t acknowledgers = 0;
  Set watermark = 0;
  Set at_start = 0;  // of the last epoch
  uint8_t active = 0;
  uint8_t goal = 0;  // Goal
  uint8_t target = kNobody;
  uint8_t failover = 0;
  uint8_t reopen = 0;
  uint8_t given_up = 0;
  std::array<uint8_t, kServers> status{};  // ServerStatus
  std::array<uint8_t, kServers> rule{};    // PromotionRule
  std::array<uint8_t, kServers> aside{};   // 1 errant, 2 to be rebuilt
  std::array<Set, kServers> errant{};
};

inline constexpr int kMostSteps = 3;  // of one phase, on one server

struct Leader {
  uint8_t there = 0;
  Memory memory;
  RecordStep record;
  std::array<std::array<ServerStep, kMostSteps>, kServers> steps{};
  Look look;
};

struct State {
  std::array<Server, kServers> servers;
  std::array<uint8_t, kMostTransactions> origin{kNobody, kNobody, kNobody, kNobody};
  Record record;
  Leader leader;
  // The network: what is cut, each as one fault.
  uint8_t isolated = 0;    // servers, from everything but clients
  uint8_t weft_cut = 0;    // servers, from controllers and monitors
  uint8_t leader_cut = 0;  // servers, from the controllers alone
  uint8_t pair_cut = 0;    // pairs of servers, by the one that is in neither
  uint8_t faults = 0;      // so far
  uint8_t requests = 0;
  // What is checked.
  Set promised = 0;          // acknowledged writes
  Set errant = 0;            // written by an administrator, on another than the primary
  uint8_t commits_wait = 0;  // in this epoch

  int count() const {
    int n = 0;
    while (n < kMostTransactions && origin[n] != kNobody) ++n;
    return n;
  }
  bool operator==(const State& other) const {
    return std::memcmp(this, &other, sizeof(*this)) == 0;
  }
};
static_assert(alignof(State) == 1, "no padding: states are hashed as bytes");

using Names = std::array<uint8_t, kServers>;
// The same state with server i called names[i].
State Renamed(const State& state, const Names& names);
// The least of all that differ by the servers' names only; `names` gives how they were called.
State Canonical(const State& state, Names* names);
uint64_t Hash(const State& state);

}  // namespace weft::model
