#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

// What a server is for; decides whether it starts read-only and what it logs.
enum class InstanceRole {
  // A server of a group: GTIDs, binary log, log_replica_updates, and read-only at every start
  // (super_read_only, on 5.6 read_only), so that one which crashed as a primary comes back
  // refusing writes (rule 9). Weft alone makes a primary writable.
  kMember,
  // Stands alone and accepts writes at once (the state store, a scratch server). GTIDs and binary
  // log are on all the same.
  kStandalone,
};

struct InstanceOptions {
  // Absolute; made by Create, which refuses one that is there and not empty. Holds everything of
  // the server but, where this path is too long for one, its socket.
  std::string dir;
  // In messages: "server 127.0.0.1:21001". Empty: "the server in DIR".
  std::string name;
  // TCP port on 127.0.0.1, of the caller's choosing (see ports.h). Required.
  int port = 0;
  // Port of the administrative interface on 127.0.0.1; 0: none. Ignored before 8.0.14.
  int admin_port = 0;
  // Unique among the servers that replicate from each other. 0: the port.
  uint32_t server_id = 0;
  // Empty: a random one.
  std::string server_uuid;
  InstanceRole role = InstanceRole::kMember;
  // True: sync_binlog=1 and innodb_flush_log_at_trx_commit=1. False: 0 and 2, for tests that are
  // not about durability.
  bool durable = true;
  // Lines added at the end of [mysqld] in my.cnf; they win over the ones written here.
  std::vector<std::string> extra_cnf;
  // SQL statements executed once, before the first connection is accepted, without being written
  // to the binary log; one statement per element, no trailing semicolon, no line break. May hold
  // passwords: it is kept 0600 and emptied after the first start. Should be repeatable, since a
  // first start that fails half-way is followed by another.
  std::vector<std::string> init_statements;
  // Not 0: when that process ends the server is killed and `dir` removed, whatever the process
  // died of. For tests. Must be the pid of a live process of this machine, usually getpid().
  pid_t owner = 0;
  // Further folders that go with `dir` when the owner ends.
  std::vector<std::string> remove_with_owner;
  // The program that starts and watches mysqld. Empty: mysqld_supervisor, looked for beside this
  // executable and at common/mysqld/ upward from it (so in a bazel-bin and in runfiles).
  std::string supervisor;
};

}  // namespace weft
