#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/cli/sandbox/layout.h"

// The engine of `weft sandbox`: real MySQL servers, a state store and the Weft processes on free
// loopback ports of this machine, in one folder. Nothing here prints; the command line does.
namespace weft::cli::sandbox {

// Called from the thread that called Up, with a finished phrase: "3 servers of MySQL 9.7.4 ready".
using Progress = std::function<void(absl::string_view message)>;

// True once the caller wants to give up (Ctrl-C). Polled at least every 0.2 s; Up then undoes
// everything and returns CANCELLED.
using Cancelled = std::function<bool()>;

// Work that Up does in the middle through code it does not know.
struct Hooks {
  // Makes the schema in the state store, before the controller starts. Null: runs the controller's
  // binary with --manage=setup. Must be repeatable.
  std::function<absl::Status(const Layout&)> set_up_store;
  // Creates the groups and adds the servers through the API, once every process is ready. Neither
  // promotes nor activates. Must be repeatable: it is called again while it says UNAVAILABLE, since
  // a controller that has just started may not lead yet. Null: not done.
  std::function<absl::Status(const Layout&)> create_groups;
};

struct UpOptions {
  std::string dir;                       // Made if missing; must be empty otherwise. Made absolute.
  int servers = 3;                       // Per group; 1 to 32.
  int groups = 1;                        // 0 to 16. Named by `group_names` or g1, g2, ...
  std::vector<std::string> group_names;  // Empty, or one per group.
  std::string mysql = "9.7";  // As ResolveInstallation takes it; the state store is 9.7 anyway.
  int store_members = 1;      // Of the state store; 1, 3 or 5. Several are one cluster.
  int controllers = 1;        // Over one store; 1 to 5.
  int monitors = 1;           // Each reports to every controller; 1 to 5.
  int gateways = 1;           // 0 to 5.
  int provisioners = 1;       // 0 to 5.
  bool durable = true;        // sync_binlog=1, innodb_flush_log_at_trx_commit=1.
  std::vector<std::string> extra_cnf;  // Added to each group server's my.cnf.
  // False: only MySQL servers and the state store, no Weft process and no hook.
  bool processes = true;
  // Where the Weft binaries are. Empty: beside this executable, and at
  // services/NAME/ upward from it.
  std::string binary_dir;
  std::string obtain_script;                  // See ResolveOptions.
  absl::Duration timeout = absl::Minutes(3);  // Obtaining MySQL not counted.
  Hooks hooks;
};

// Brings a sandbox up. On any failure, and when cancelled, everything started is stopped, and what
// was made is removed (the folder itself only if Up made it).
// ALREADY_EXISTS: the folder holds a sandbox (or another `up` works there).
// FAILED_PRECONDITION: the folder holds something else, or a binary is missing.
// RESOURCE_EXHAUSTED: full disk, no free ports. NOT_FOUND: no such MySQL. CANCELLED.
absl::StatusOr<Layout> Up(const UpOptions& options, const Progress& progress,
                          const Cancelled& cancelled);

// The layout as recorded, with the pids and uuids of this moment (null where not running).
// NOT_FOUND: no sandbox in `dir`. Does not block.
absl::StatusOr<Layout> Load(absl::string_view dir);

// One server of a sandbox, chosen by "host:port", by uuid (or an unambiguous beginning of it of at
// least 4 characters), by "GROUP/N" or "N" (the N-th, from 1, over all groups), by "store" (all of
// it) or "store-2" (one member of several), or a process: "controller", "monitor", "provisioner",
// "gateway", of several also "controller-2". NOT_FOUND lists what there is. All three are
// repeatable: a server that is already stopped or running is OK, and `changed` says so. A member of
// the store that is started joins the others; once all run again after all were down, the one that
// has the most begins.
struct Outcome {
  std::string what;      // "server 127.0.0.1:21003 (2ad1...)".
  bool changed = false;  // False: it was so already.
  int pid = 0;           // The process that was stopped or started.
};
absl::StatusOr<Outcome> StopServer(absl::string_view dir, absl::string_view which);
absl::StatusOr<Outcome> KillServer(absl::string_view dir, absl::string_view which);
absl::StatusOr<Outcome> StartServer(absl::string_view dir, absl::string_view which);

struct AddOptions {
  std::string mysql = "9.7";  // As ResolveInstallation takes it.
  std::string from;           // "host:port" of a server to copy; empty: the new one is empty.
  // Who logs in at `from`, and may do there what Duty::kBackup, kRestore and kManage may. Empty:
  // the sandbox's own accounts, which servers of this sandbox have.
  std::string from_user;
  std::string from_password_file;
  std::string method = "auto";    // Or "plugin", "logical".
  uint64_t bytes_per_second = 0;  // Read from `from`; 0: no bound.
  bool read_only = false;         // As a member of a group starts; else it may be written to.
  std::string binary_dir;         // As in UpOptions.
  std::string obtain_script;
  absl::Duration timeout = absl::Minutes(3);  // Of its start. A copy takes what it takes.
};

// What a copy was made of.
struct CopyReport {
  std::string method;  // "plugin", "logical"
  std::string reason;  // Why this one, for people.
  uint64_t bytes = 0;
  uint64_t rows = 0;  // 0 where the method does not count them.
  double seconds = 0;
};

struct Added {
  Server server;
  std::optional<CopyReport> copy;  // Absent: there was nothing to copy.
};

// Adds a server to a sandbox that is up, in no group: empty, with the accounts of the others, or a
// copy of the data, accounts and GTIDs of `from`, which goes on as it was. It ends with the
// sandbox. On any failure, and when cancelled, nothing is left of it. NOT_FOUND: no sandbox in
// `dir`. ALREADY_EXISTS: `up`, `down` or another AddServer works there. Those of Up, and of copies
// (docs/provisioning.md): NOT_FOUND, UNAVAILABLE, UNAUTHENTICATED, FAILED_PRECONDITION.
absl::StatusOr<Added> AddServer(absl::string_view dir, const AddOptions& options,
                                const Progress& progress, const Cancelled& cancelled);

struct DownReport {
  int processes_stopped = 0;
  bool folder_removed = false;  // False where it holds files that are not the sandbox's.
};

// Stops everything and removes everything that Up made. Works on a half-made or damaged sandbox.
// Repeatable on the way (a second call finishes what an interrupted one began).
// NOT_FOUND: no such folder. FAILED_PRECONDITION: the folder is no sandbox; nothing is touched.
absl::StatusOr<DownReport> Down(absl::string_view dir, const Progress& progress);

}  // namespace weft::cli::sandbox
