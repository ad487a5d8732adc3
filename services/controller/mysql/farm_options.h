#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/accounts.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"

namespace weft::controller {

// How Weft logs in to the servers of a farm for one duty.
struct Login {
  std::string user;
  // Asked at each connection, so that a password file may change while Weft runs. Thread-safe.
  std::function<absl::StatusOr<std::string>()> password;
};

struct FarmOptions {
  // One account per duty (common/model/accounts.h).
  Login manage;
  Login replicate;
  Login backup;
  Login restore;
  // Whose sessions a fence spares besides those of the accounts above.
  std::string monitor_user{DefaultUserOf(Duty::kMonitor)};

  // Of one attempt of a step; the client library counts whole seconds.
  absl::Duration connect_timeout = absl::Seconds(1);
  // How long a statement of Weft may wait for a lock on a server: whole seconds. Short, because a
  // statement that waits longer than its sender is a statement that nobody controls (rule 10).
  absl::Duration lock_wait_timeout = absl::Seconds(1);
  // Of a server that did not answer within the last look, a further look waits this long only: a
  // hung server must not slow down every look at its group. It is still tried in the background.
  absl::Duration silent_patience = absl::Milliseconds(100);

  mysql::TlsMode tls = mysql::TlsMode::kPreferred;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;

  // Replication, as Follow sets it up.
  absl::Duration heartbeat_period = absl::Milliseconds(500);
  absl::Duration connect_retry = absl::Seconds(1);
  absl::Duration replica_net_timeout = absl::Seconds(10);
  // The replicas' receivers ask their source for TLS.
  bool replicate_over_tls = false;

  // The program that reads binary logs over the network, as the beginning of an argument vector.
  std::vector<std::string> mysqlbinlog = {"mysqlbinlog"};
  // Where SaveTransactions keeps what it saved. Made if missing, 0700.
  std::string rescue_dir;
  // The most that one rescue may write, in bytes.
  uint64_t rescue_limit = uint64_t{1} << 30;
  // The most that is rewound, in bytes of changed rows; they are held in memory. More: a rebuild.
  uint64_t rewind_limit = uint64_t{64} << 20;

  // The state store's members, which are never admitted as servers of a group. May be empty.
  std::vector<HostPort> store_addresses;
  // Its server uuids, those that are known; may be empty. Thread-safe.
  std::function<std::vector<std::string>()> store_uuids;

  const Login& Of(Duty duty) const;
};

}  // namespace weft::controller
