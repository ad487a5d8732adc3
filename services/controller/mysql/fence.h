#pragma once

#include "absl/status/status.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {

struct FenceOrder {
  bool kill_sessions = true;
  // Commits that wait for an acknowledgement may be released, by cutting everybody off first.
  bool cut_off = false;
  bool offline = false;  // as the server is found
};

// Makes the server refuse writes: super_read_only (read_only before 5.7.8), with the moves of
// core/fencing.h. Safe to repeat, from wherever an earlier attempt ended.
//
// Setting it waits for statements and commits under way. With `kill_sessions` the sessions of
// clients are killed after a moment. A commit that waits for an acknowledgement cannot be killed
// and hinders it for ever: with `cut_off`, where the version can, it is released after everybody
// is cut off; else ABORTED. A client that may not be killed and could still be told OK ends the
// attempt with SESSIONS_REMAIN: the server stays offline, with its commits waiting.
absl::Status MakeReadOnly(Turn& turn, const FenceOrder& order);

// Kills the sessions of clients and sees them gone: all but Weft's own accounts, replication and
// the server's own. Sessions that Weft may not kill (SYSTEM_USER) are passed over.
absl::Status KillClients(Turn& turn);

}  // namespace weft::controller
