#pragma once

#include "absl/status/status.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {

// Makes the server refuse writes: super_read_only (read_only before 5.7.8). Safe to repeat.
//
// Setting it waits for statements and commits under way. With `kill_sessions` those that hinder it
// are killed after a moment. A commit that waits for an acknowledgement cannot be killed and
// hinders it for ever: then (tried on 9.7) offline_mode cuts every client off, the semi-sync source
// is switched off, so that nobody gets an OK for what is released, and the server is opened for
// readers again once it is read-only. Without `kill_sessions` such a server gives ABORTED.
absl::Status MakeReadOnly(Turn& turn, bool kill_sessions);

// Kills the sessions of clients and sees them gone: all but Weft's own accounts, replication and
// the server's own. Sessions that Weft may not kill (SYSTEM_USER) are passed over.
absl::Status KillClients(Turn& turn);

}  // namespace weft::controller
