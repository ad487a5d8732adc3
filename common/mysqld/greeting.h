#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft {

// OK once the server behind a local socket has sent the first packet of the MySQL protocol: it
// takes part in its accept loop, so it serves connections (an answer "too many connections" is one
// too). Needs no account. Blocks up to `timeout`. UNAVAILABLE: nobody listens, or it hung up before
// a word. DEADLINE_EXCEEDED: it listens and is silent.
absl::Status AwaitGreeting(absl::string_view socket_path, absl::Duration timeout);

}  // namespace weft
