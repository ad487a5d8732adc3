#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/accounts.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"

namespace weft::provisioner {

// How the provisioner logs in to servers.
struct AccessOptions {
  struct Login {
    std::string user;
    // Asked at each connection, so that a password file may change meanwhile. Thread-safe.
    std::function<absl::StatusOr<std::string>()> password;
  };
  // kManage, kBackup and kRestore are needed.
  std::map<Duty, Login> logins;
  absl::Duration connect_timeout = absl::Seconds(2);
  mysql::TlsMode tls = mysql::TlsMode::kPreferred;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// Opens sessions to servers by the node's accounts. Thread-safe.
class FarmAccess {
 public:
  explicit FarmAccess(AccessOptions options) : options_(std::move(options)) {}

  // For sessions of another kind (common/mysql/bulk.h). Holds a password.
  absl::StatusOr<mysql::ConnectOptions> For(const HostPort& address, Duty duty) const;
  // Blocks for the connect timeout. `patience` is the longest that one statement may take. Errors
  // as Session::Open.
  absl::StatusOr<std::unique_ptr<mysql::Session>> Open(
      const HostPort& address, Duty duty, absl::Duration patience = absl::Seconds(30)) const;

 private:
  const AccessOptions options_;
};

}  // namespace weft::provisioner
