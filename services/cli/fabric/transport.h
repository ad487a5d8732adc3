#pragma once
// One call of a node over XML-RPC and HTTP Digest, by libcurl.
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/interrupt.h"
#include "common/fabric/value.h"
#include "services/cli/fabric/settings.h"
#include "services/cli/fabric/tables.h"

namespace weft::cli::mysqlfabric {

struct Endpoint {
  std::string address;  // host:port
  // File of the authority that vouches for the node; empty: plain text. The password crosses the
  // network as a digest either way, the answers as they are.
  std::string ca_file;
  bool verify_host = true;
};

// Sends `call` as it is and waits for the answer however long it takes: a procedure may work for
// minutes. An interruption ends the waiting, not the procedure. Logs in with `account` when the
// node asks for it.
// UNAVAILABLE: the node cannot be reached, or hung up. PERMISSION_DENIED: it does not let the
// caller in, or not do that. CANCELLED: interrupted. INVALID_ARGUMENT: the node does not know the
// call, or took it for malformed. INTERNAL: the answer is none of Fabric's.
absl::StatusOr<Result> CallNode(const Endpoint& endpoint, const std::optional<Account>& account,
                                const fabric::Call& call, Interrupt* interrupt);

}  // namespace weft::cli::mysqlfabric
