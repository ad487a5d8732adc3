#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/instance_options.h"

namespace weft {

// What is true of a server's processes right now.
struct InstanceState {
  bool running = false;      // A mysqld of this instance is alive (it may be stopped by SIGSTOP).
  pid_t pid = 0;             // Of mysqld; 0 when not running.
  pid_t supervisor_pid = 0;  // 0 when not running.
  std::string server_uuid;   // From auto.cnf; empty before the first start or with a lost file.
  std::string last_exit;     // How the last mysqld ended: "exit 0", "signal 9"; empty if never.
};

// One mysqld of this machine, its folder, and the small supervisor that keeps it.
//
// A handle: all state is on disk and in the processes, so any number of Instances, in any process,
// may stand for one server; commands given at once from several are ordered by a lock in `dir`.
// Destroying an Instance stops nothing. Processes are recognised by pid AND start time, so a reused
// pid is never signalled. Thread-safe. Every call blocks at most as long as it says.
//
// Supervision: mysqld runs under `mysqld_supervisor` in a session of its own, so it outlives the
// caller and its terminal. The RESTART and CLONE statements end mysqld with exit code 16 and the
// supervisor starts it again. Any other end stays an end: a crash is not repaired here, because who
// may come back and how is Weft's decision.
class Instance {
 public:
  // Makes the folder: data directory (a copy of a seed that is initialised once per version in the
  // cache, under a lock; about 0.3 s, the first time about 3 s), my.cnf, options. Starts nothing.
  // On failure nothing is left. ALREADY_EXISTS: `dir` is there and not empty.
  // RESOURCE_EXHAUSTED: the disk is full. INVALID_ARGUMENT: options that contradict each other.
  static absl::StatusOr<Instance> Create(const Installation& installation,
                                         const InstanceOptions& options);

  // The instance that Create made in `dir`. NOT_FOUND: there is none.
  static absl::StatusOr<Instance> Open(absl::string_view dir);

  // Starts mysqld and waits until it accepts connections. OK at once if it runs already.
  // Repeatable. DEADLINE_EXCEEDED: still not ready (it is left running: the caller decides);
  // ALREADY_EXISTS: the port is taken, by whom if known; RESOURCE_EXHAUSTED: full disk;
  // INTERNAL: mysqld ended, with the last error lines of its log.
  absl::Status Start(absl::Duration timeout = absl::Seconds(60)) const;

  // Starts without waiting; then WaitReady. For starting several at once.
  absl::Status Launch() const;
  absl::Status WaitReady(absl::Duration timeout) const;

  // SIGTERM, and SIGKILL to what is left after `grace`. OK if it does not run. A server stopped by
  // SIGSTOP is woken first, so that it can obey.
  absl::Status Stop(absl::Duration grace = absl::Seconds(30)) const;

  // kill -9 of mysqld; the supervisor ends by itself. Returns when both are gone (bounded: 10 s).
  // FAILED_PRECONDITION if it does not run.
  absl::Status Kill() const;

  // SIGSTOP and SIGCONT: a server that hangs, from the moment on in which Pause returns (bounded:
  // 10 s). FAILED_PRECONDITION if it does not run.
  absl::Status Pause() const;
  absl::Status Resume() const;

  // Kills what runs and removes the folder, the socket and its folder. Repeatable.
  absl::Status Remove() const;

  // Never fails: what cannot be read is reported as absent. Does not block.
  InstanceState Inspect() const;

  const std::string& dir() const { return dir_; }
  int port() const { return port_; }
  int admin_port() const { return admin_port_; }
  std::string address() const;                           // "127.0.0.1:PORT".
  const std::string& socket() const { return socket_; }  // At most 107 bytes long.
  std::string data_dir() const;
  std::string error_log() const;
  const Installation& installation() const { return installation_; }

 private:
  Instance() = default;

  friend class InstanceRecord;
  friend absl::Status RemoveInstance(absl::string_view dir);

  std::string Name() const;
  std::string RunFile(absl::string_view name) const;
  absl::Status LaunchLocked() const;
  absl::Status AwaitFork() const;
  absl::Status FinishFirstStart() const;
  std::string LogSinceLaunch() const;
  absl::Status StartError() const;

  std::string dir_;
  std::string name_;
  int port_ = 0;
  int admin_port_ = 0;
  std::string socket_;
  std::string
      socket_dir_;  // Not empty: a short folder made for the socket alone; Remove deletes it.
  std::string supervisor_;
  std::string owner_;  // "PID:START_TIME"; empty: none.
  std::vector<std::string> remove_with_owner_;
  Installation installation_;
};

// Removes an instance's folder even when it was made only by half. Same as Open + Remove otherwise.
absl::Status RemoveInstance(absl::string_view dir);

}  // namespace weft
