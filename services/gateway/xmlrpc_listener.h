#pragma once
// Fabric's XML-RPC port (32274): what old connectors and command lines talk to.
#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/fabric/xmlrpc.h"
#include "services/gateway/executor.h"
#include "services/gateway/http/server.h"
#include "services/gateway/login_guard.h"
#include "services/gateway/users.h"

namespace weft::gateway {

class XmlrpcListener {
 public:
  struct Options {
    // Address, certificate, limits. `handler` is the listener's own.
    http::Server::Options http;
    // False: whoever connects may do all. Only on a loopback address.
    bool authenticate = true;
    fabric::xmlrpc::Limits limits;
    // REQUIRED; all outlive the listener, and every answer that an executor still owes it.
    Executor* executor = nullptr;
    Clock* clock = nullptr;
    // REQUIRED to authenticate.
    const Users* users = nullptr;
    LoginGuard* guard = nullptr;
  };

  // As http::Server::Start; FAILED_PRECONDITION LOGIN_REQUIRED for an address that is not loopback
  // without authentication.
  static absl::StatusOr<std::unique_ptr<XmlrpcListener>> Start(Options options);
  // As http::Server's: ends all connections, waits a second at most.
  virtual ~XmlrpcListener() = default;

  virtual int port() const = 0;
  virtual size_t connections() const = 0;
};

}  // namespace weft::gateway
