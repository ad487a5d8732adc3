#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/group_settings.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "common/model/server.h"

namespace weft {

enum class Durability { kAsync, kLossless };
absl::string_view ToString(Durability durability);  // "lossless"
std::optional<Durability> ParseDurability(absl::string_view text);

// One reign of one primary. GTIDs not explained by the reigns of a group are errant (rule 5).
struct Epoch {
  uint64_t number = 0;
  ServerUuid primary;  // empty: the group had no primary (demoted)
  GtidSet at_start;    // what the primary had executed when the epoch was committed
  absl::Time started;

  friend bool operator==(const Epoch&, const Epoch&) = default;
};

// The replicas that may acknowledge a commit of the current epoch. It is widened in the store
// before a server may acknowledge, and narrowed only with proof that it no longer can (rule 3).
struct Acknowledgers {
  uint64_t version = 0;  // raised by each change; compared by each change
  std::set<ServerUuid> servers;

  friend bool operator==(const Acknowledgers&, const Acknowledgers&) = default;
};

enum class Goal {
  kKeep,     // hold what the record says
  kPromote,  // make `target` (or the best server) the primary
  kDemote,   // have no primary
};

// What somebody asked for and Converge has not finished. It outlives every process.
struct Intent {
  Goal goal = Goal::kKeep;
  ServerUuid target;      // kPromote: empty until chosen
  bool failover = false;  // kPromote: the primary was judged dead when this was written
  std::string operation;  // id of the operation that reports on it
  absl::Duration write_stop_budget = absl::Seconds(10);

  // Set before a switchover fences a primary of record that accepts writes: if the intent is given
  // up before its Commit, that primary is made writable again, whether the group is active or not.
  bool reopen = false;
  // Not empty: given up before its Commit, for this reason (UPPER_SNAKE, with its message). What
  // was revoked is put back first, then the intent ends as refused.
  std::string given_up;
  std::string given_up_message;

  friend bool operator==(const Intent&, const Intent&) = default;
};

// The last change of primary that a dead primary was the cause of. It survives a change of leader,
// so that a group that flaps is known by whoever leads (S24).
struct LastFailover {
  uint64_t epoch = 0;  // that it began; 0: there was none
  absl::Time when = absl::UnixEpoch();

  friend bool operator==(const LastFailover&, const LastFailover&) = default;
};

// What the programs of one intent have answered. Kept until the next intent runs one, so that a new
// leader does not run them again.
struct HookRecord {
  std::string operation;  // of the intent; empty: none was ever run
  uint64_t epoch = 0;     // that the group had then
  absl::Time when = absl::UnixEpoch();
  // By occasion, which is the setting's name ("before_failover"): "ok", "runs" of one that nothing
  // waits for and that has not ended, or what went wrong, which begins with "aborted: " where the
  // change must not go on.
  std::map<std::string, std::string> outcomes;

  friend bool operator==(const HookRecord&, const HookRecord&) = default;
};
inline constexpr char kHookOk[] = "ok";
inline constexpr char kHookAborted[] = "aborted: ";

// The kill switch of the whole node.
struct FailoverSwitch {
  bool enabled = true;
  std::string reason;
  std::string user;  // who turned it
  absl::Time since = absl::UnixEpoch();

  friend bool operator==(const FailoverSwitch&, const FailoverSwitch&) = default;
};

// The record of one group: what the state store says of it.
struct Group {
  std::string id;
  std::string description;
  bool active = false;  // failures are detected and repaired without being asked
  Durability durability = Durability::kLossless;
  uint32_t acknowledgements = 1;  // replicas that must acknowledge a commit under kLossless
  uint64_t epoch = 0;             // raised by each change of primary; 0: never had one
  ServerUuid primary;             // empty: none
  Acknowledgers acknowledgers;
  GtidSet watermark;           // every later primary must hold it (rule 3)
  std::vector<Epoch> history;  // oldest first; the last is the current one
  Intent intent;
  GroupSettings settings;
  LastFailover last_failover;
  HookRecord hooks;
  // The record came from a backup, and its servers have not confirmed it yet: until one Commit has
  // been written after a look at all of them, nothing is done to them (rule 3).
  bool restored = false;
  FailoverSwitch failover_switch;  // of the node, read with the group; written by a call of its own
  uint64_t revision = 0;           // raised by every write of this group or its servers; the etag
  std::vector<Server> servers;     // ordered by uuid

  const Server* Find(const ServerUuid& uuid) const;
  Server* Find(const ServerUuid& uuid);

  friend bool operator==(const Group&, const Group&) = default;
};

}  // namespace weft
