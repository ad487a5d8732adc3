#include "services/provisioner/dataset/farm_access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {

absl::StatusOr<mysql::ConnectOptions> FarmAccess::For(const HostPort& address, Duty duty) const {
  const auto login = options_.logins.find(duty);
  if (login == options_.logins.end()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "NO_ACCOUNT",
                   absl::StrCat("the provisioner has no ", DutyName(duty), " account"),
                   absl::StrCat("--", DutyName(duty), "-password-file"), "none", "name one");
  }
  WEFT_ASSIGN_OR_RETURN(std::string password, login->second.password());
  mysql::ConnectOptions connect;
  connect.host = address.host;
  connect.port = address.port;
  connect.user = login->second.user;
  connect.password = std::move(password);
  connect.connect_timeout = options_.connect_timeout;
  connect.tls = options_.tls;
  connect.ca_file = options_.ca_file;
  connect.certificate_file = options_.certificate_file;
  connect.key_file = options_.key_file;
  return connect;
}

absl::StatusOr<std::unique_ptr<mysql::Session>> FarmAccess::Open(const HostPort& address, Duty duty,
                                                                 absl::Duration patience) const {
  WEFT_ASSIGN_OR_RETURN(mysql::ConnectOptions connect, For(address, duty));
  connect.read_timeout = patience;
  connect.write_timeout = std::min(patience, absl::Duration(absl::Minutes(1)));
  auto session = mysql::Session::Open(connect);
  if (session.ok()) return session;
  return Annotate(session.status(), absl::StrCat("as ", connect.user));
}

}  // namespace weft::provisioner
