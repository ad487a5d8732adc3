#include "services/provisioner/dataset/bulk_road.h"

#include "common/base/status_macros.h"
#include "services/provisioner/dataset/server_facts.h"

namespace weft::provisioner {

absl::StatusOr<std::unique_ptr<mysql::BulkSession>> OpenBulk(mysql::Session& session,
                                                             const mysql::ConnectOptions& options) {
  WEFT_ASSIGN_OR_RETURN(const Home home, HomeOf(session));
  if (!home.socket.empty()) {
    mysql::ConnectOptions near = options;
    near.unix_socket = home.socket;
    near.tls = mysql::TlsMode::kDisabled;
    auto opened = mysql::BulkSession::Open(near);
    if (opened.ok()) return opened;
  }
  return mysql::BulkSession::Open(options);
}

}  // namespace weft::provisioner
