#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "common/mysql/bulk_session.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

// How sessions for many rows reach a server: one of this machine by its Unix socket and without
// TLS, which saves encrypting every byte, where it lets the account in that way.
class BulkRoad {
 public:
  // To the server that `session` is connected to, by the account of `options`.
  static absl::StatusOr<BulkRoad> Find(mysql::Session& session, mysql::ConnectOptions options);

  // Errors as BulkSession::Open.
  absl::StatusOr<std::unique_ptr<mysql::BulkSession>> Open() const;

 private:
  mysql::ConnectOptions options_;
  std::optional<mysql::ConnectOptions> near_;
};

}  // namespace weft::provisioner
