#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"

namespace weft::controller {

// A session of a server, as its process list has it.
struct ProcessRow {
  uint64_t id = 0;
  std::string user;
  std::string command;  // "Query", "Sleep", "Binlog Dump GTID", "Killed", ...
  std::string state;
  std::string info;  // the statement, its first 100 characters
};

// A statement of Weft's own that changes nothing, whenever it runs: it need not be seen gone. It
// may wait for an acknowledgement like any commit, and would then keep Weft out of the server.
bool IsNudge(const ProcessRow& process);

// Its commit is in the binary log and waits to be acknowledged. KILL cuts the client off, but the
// session stays until the acknowledgement comes.
bool WaitsForAcknowledgement(const ProcessRow& process);

// One round trip.
absl::StatusOr<std::vector<ProcessRow>> ReadProcesses(mysql::Session& session);

struct KillOrder {
  // Which sessions. The killer's own is never among them.
  std::function<bool(const ProcessRow&)> chosen;
  // Asked before each KILL; an error ends the killing. Empty: always allowed.
  std::function<absl::Status()> may_act;
  // Sessions of accounts above Weft's (SYSTEM_USER) cannot be killed: pass over them.
  bool pass_over_denied = false;
};

// Kills what `order` chooses and lists again until nothing is left of it, so that sessions which
// came meanwhile go too. UNAVAILABLE, reason SESSIONS_REMAIN, when some are still there at the
// deadline, with their number and what one of them is doing. Repeatable.
absl::Status KillUntilGone(mysql::Session& session, const KillOrder& order,
                           const Deadline& deadline, Clock* clock);

}  // namespace weft::controller
