#include "services/provisioner/reach.h"

#include <memory>

#include "common/mysql/errors.h"

namespace weft::provisioner {

absl::Status Reach(const MachineAddress& address, const mysql::ConnectOptions& login,
                   absl::Duration timeout) {
  mysql::ConnectOptions connect = login;
  connect.host = address.host;
  connect.port = address.port;
  connect.database.clear();
  connect.connect_timeout = timeout;
  connect.read_timeout = timeout;
  connect.write_timeout = timeout;
  connect.statement_timeout = timeout;
  const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
  const bool reached = mysql::ClassifyContact(session.status()) != mysql::Contact::kUnreachable;
  return reached ? absl::OkStatus() : session.status();
}

}  // namespace weft::provisioner
