#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/mysql/bulk_session.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

// A session for many rows to the server that `session` is connected to. `options` are those of an
// account. A server of this machine is reached by its Unix socket and without TLS, which saves
// encrypting every byte, where it lets the account in that way. Errors as BulkSession::Open.
absl::StatusOr<std::unique_ptr<mysql::BulkSession>> OpenBulk(mysql::Session& session,
                                                             const mysql::ConnectOptions& options);

}  // namespace weft::provisioner
