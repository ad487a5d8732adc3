#include "services/controller/mysql/opener.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"

namespace weft::controller {
namespace {

// What a person can do about a server that does not let Weft in.
absl::Status Explain(const absl::Status& status, const HostPort& address, Duty duty,
                     const std::string& user) {
  absl::Status explained = status;
  if (absl::IsUnauthenticated(status)) {
    SetErrorDetail(explained,
                   {.reason = "ACCOUNT_REFUSED",
                    .expected = absl::StrCat("the account '", user, "' for the duty ",
                                             DutyName(duty), ", with the password Weft was given"),
                    .found = std::string(status.message()),
                    .next_step = absl::StrCat("create the account or correct the password file of ",
                                              DutyName(duty)),
                    .metadata = {}});
  } else if (absl::IsUnavailable(status) && !GetErrorDetail(status).has_value()) {
    SetErrorDetail(explained,
                   {.reason = "SERVER_UNREACHABLE",
                    .expected = absl::StrCat("a MySQL server that answers at ", address.ToString()),
                    .found = std::string(status.message()),
                    .next_step = "start the server, or correct its address",
                    .metadata = {{"server", address.ToString()}}});
  }
  return explained;
}

}  // namespace

absl::StatusOr<std::unique_ptr<mysql::Session>> Opener::Open(const HostPort& address,
                                                             Duty duty) const {
  return Open(address, duty, OpenOptions());
}

absl::StatusOr<std::unique_ptr<mysql::Session>> Opener::Open(const HostPort& address, Duty duty,
                                                             const OpenOptions& how) const {
  const Login& login = options_->Of(duty);
  auto session = OpenAs(address, login, how);
  if (!session.ok()) return Explain(session.status(), address, duty, login.user);
  return session;
}

absl::StatusOr<std::unique_ptr<mysql::Session>> Opener::OpenAs(const HostPort& address,
                                                               const Login& login,
                                                               const OpenOptions& how) const {
  mysql::ConnectOptions connect;
  connect.host = address.host;
  connect.port = address.port;
  connect.user = login.user;
  WEFT_ASSIGN_OR_RETURN(connect.password, login.password());
  connect.connect_timeout =
      how.connect == absl::ZeroDuration() ? options_->connect_timeout : how.connect;
  connect.read_timeout = how.read;
  connect.several_statements = how.several_statements;
  connect.lock_wait_timeout = options_->lock_wait_timeout;
  connect.tls = options_->tls;
  connect.ca_file = options_->ca_file;
  connect.certificate_file = options_->certificate_file;
  connect.key_file = options_->key_file;

  auto session = mysql::Session::Open(connect);
  if (session.ok()) return session;
  const HostPort admin = AdminOf(address);
  if (mysql::MysqlErrorCode(session.status()) == mysql::kErrTooManyConnections && !admin.empty()) {
    connect.host = admin.host;
    connect.port = admin.port;
    auto through_admin = mysql::Session::Open(connect);
    if (through_admin.ok()) return through_admin;
  }
  return session;
}

void Opener::Remember(const HostPort& address, const HostPort& admin) {
  MutexLock lock(&mutex_);
  if (admin.empty()) {
    admin_.erase(address);
  } else {
    admin_[address] = admin;
  }
}

HostPort Opener::AdminOf(const HostPort& address) const {
  MutexLock lock(&mutex_);
  const auto found = admin_.find(address);
  return found == admin_.end() ? HostPort() : found->second;
}

}  // namespace weft::controller
