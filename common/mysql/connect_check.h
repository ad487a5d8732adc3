#pragma once
// Private to session.cc: why a TCP connection cannot be made. The client library reports
// EINPROGRESS (115) for every such failure, and so hides whether the port is closed or the machine
// is silent.
#include <string>

#include "absl/time/time.h"

namespace weft::mysql {

// Tries to connect and hangs up at once. 0 when somebody accepts; else the errno of the last
// address of `host` (ECONNREFUSED: a machine answered that nothing listens), ETIMEDOUT after
// `timeout` each, or EADDRNOTAVAIL when the name has no address.
int ConnectError(const std::string& host, int port, absl::Duration timeout);

}  // namespace weft::mysql
