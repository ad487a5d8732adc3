#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/simulation/world.h"

namespace weft::simulation {

// Something that happens to the world at a time, for a while.
enum class FaultKind {
  kCrash,            // of a server
  kHang,             // of a server: it runs nothing, its connections stay
  kIsolate,          // a server from everybody but its clients
  kCut,              // two servers from each other
  kCutControllers,   // a server from all controllers
  kCutMonitors,      // a server from all monitors
  kReject,           // a server has too many connections
  kStall,            // a server's applier
  kStick,            // a server's disk: it answers, and commits nothing
  kErrant,           // a write on a server that is not the primary
  kPurge,            // a server's binary logs
  kStoreDown,        //
  kStoreFlaky,       // calls fail, answers of writes are lost
  kCrashController,  //
  kPauseController,  // it notices nothing, and goes on where it was
  kCrashMonitor,     //
  kPromote,          // requests: of a server, or of the best
  kDemote,           //
  kSpare,            // a SECONDARY becomes SPARE
  kSecondary,        // a SPARE becomes SECONDARY
  kDeactivate,       //
  kAsync,            // the policy, for a while
  kRaise,            // commits wait for one more acknowledgement, for a while
  kOtherLoss,        // the other on_last_acknowledger_lost, for a while
  kSwitchOff,        // of automatic failover, for a while
  kWindow,           // of maintenance, of the group
  kPrefer,           // the promotion rule of a server from now on
  kNeutral,          //
  kPreferNot,        //
  kMustNot,          //
};

// The server that is the primary of record when the fault happens; or the best.
inline constexpr int kPrimary = -1;

struct Fault {
  Millis at = 0;
  FaultKind kind = FaultKind::kCrash;
  int target = kPrimary;  // a server, controller or monitor
  int other = 0;          // kCut: the second server
  Millis lasts = 0;       // 0 where it cannot be undone
};

// "1200ms crash a for 800ms".
std::string ToString(const Fault& fault);
absl::StatusOr<Fault> ParseFault(absl::string_view line);

// A world, a group in it, and what happens to it.
struct Scenario {
  World::Options world;
  bool lossless = true;
  uint32_t acknowledgements = 1;
  int spares = 0;  // of the servers, the last
  bool stale_clients = false;
  bool taken_over =
      false;  // the first server was open, and the others followed it, before Weft came
  bool continues = false;  // when the last acknowledger is lost
  bool replaces_sick = false;
  bool hooks = false;         // programs are asked before changes of primary, some of which forbid
  std::vector<Fault> faults;  // in order of time
};

// Differently shaped for each seed: which kinds of faults there are and how many is drawn first
// (swarm), then when and whom they hit. Every fourth scenario has a single fault. Every second has
// promotion rules, some of them changed on the way.
Scenario Generate(uint64_t seed);

// Each kind of fault at each of its targets in such a world, for each of `lengths` where it lasts.
std::vector<Fault> EveryFault(const World::Options& world, Millis at,
                              const std::vector<Millis>& lengths);

// The lines of a history (tests/histories) that repeats it, and back. Empty lines and those that
// begin with '#' say nothing.
std::string ToString(const Scenario& scenario);
absl::StatusOr<Scenario> ParseScenario(absl::string_view text);

}  // namespace weft::simulation
