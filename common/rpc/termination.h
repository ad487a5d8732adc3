#pragma once
// SIGTERM and SIGINT as a place where main waits, instead of handlers.

#include "absl/time/time.h"

namespace weft::rpc {

// Call first in main, before any thread starts: SIGTERM and SIGINT are blocked in every thread and
// only seen by WaitForTermination; SIGPIPE is ignored.
void BlockTerminationSignals();

// Blocks until SIGTERM or SIGINT, or RequestTermination() from another thread; returns the signal's
// number (0 for a request). A further signal ends the process at once with status 128 + number, for
// whoever does not want to wait for the drain. REQUIRES: BlockTerminationSignals() was called; call
// it once.
int WaitForTermination();
void RequestTermination();

// Whether SIGTERM or SIGINT has come, without waiting and without taking it: for programs that end
// by themselves and only look now and then. REQUIRES: BlockTerminationSignals() was called.
bool TerminationIsAsked();

// From now on the process has `deadline` to end; then it ends at once with status 0, whatever is
// under way. For work that may take hours and is taken up again by another process. Returns at
// once.
void EndWithin(absl::Duration deadline);

}  // namespace weft::rpc
