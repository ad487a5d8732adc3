#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft {

// A process of this machine that cannot be mistaken for a later one with the same pid.
struct ProcessId {
  pid_t pid = 0;
  // Field 22 of /proc/PID/stat: clock ticks since boot. Never reused together with the pid.
  uint64_t start_time = 0;

  bool operator==(const ProcessId&) const = default;
};

// The process that has this pid now. NOT_FOUND: none, or only a zombie is left of it.
absl::StatusOr<ProcessId> IdentifyProcess(pid_t pid);

// True while that very process is there and no zombie.
bool IsAlive(const ProcessId& process);

// Signals that very process (through a pidfd, so not even a race can hit another one).
// NOT_FOUND: it is gone.
absl::Status SignalProcess(const ProcessId& process, int signal);

// Waits until it is gone. DEADLINE_EXCEEDED: it is still there.
absl::Status WaitGone(const ProcessId& process, absl::Duration timeout);

// SIGTERM (after SIGCONT, so that a stopped one can obey), then SIGKILL after `grace`. OK if gone.
absl::Status TerminateProcess(const ProcessId& process, absl::Duration grace);

// SIGSTOP. Returns when each of its threads stands still: until the kernel has told them all, the
// others go on and may answer. NOT_FOUND: it is gone. DEADLINE_EXCEEDED: some thread still runs.
absl::Status PauseProcess(const ProcessId& process, absl::Duration timeout);

// Pid files: "PID START_TIME\n", written atomically.
absl::Status WriteProcessId(absl::string_view path, const ProcessId& process);
absl::StatusOr<ProcessId> ReadProcessId(absl::string_view path);

struct SpawnOptions {
  std::vector<std::string> argv;         // argv[0] is a path.
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited.
  std::string working_dir = "/";
  std::string input;       // stdin is this file; empty: /dev/null.
  std::string input_text;  // stdin is this text; empty: `input`.
  std::string output;      // stdout and stderr are appended to this file; empty: /dev/null.
  // Bytes that a file may have where it writes: beyond, SIGXFSZ; 0: no bound.
  uint64_t largest_file = 0;
};

// Starts a process detached from the caller: a session of its own, no other descriptor than the
// three inherited, and no child of the caller (it is nobody's zombie). Returns once it has been
// executed. NOT_FOUND: no such program. Thread-safe.
absl::StatusOr<ProcessId> SpawnDetached(const SpawnOptions& options);

// Starts a child of the caller, in a process group of its own (Ctrl-C at the terminal does not
// reach it) and with no other descriptor than the three. Without `output` it writes to the caller's
// stderr. It gets SIGTERM when the thread that called this ends, however that ends. The caller
// reaps it. NOT_FOUND: no such program.
absl::StatusOr<ProcessId> SpawnChild(const SpawnOptions& options);

// How a child of SpawnChild ended: its exit code, or 128 + signal. nullopt: it still runs. To be
// asked until it has a value, and then no more.
std::optional<int> ReapChild(const ProcessId& child);

struct CommandResult {
  int exit_code = 0;     // 128 + signal if it was killed.
  int signal = 0;        // By which it was killed; 0: it was not.
  std::string output;    // stdout and stderr as they came.
  uint64_t dropped = 0;  // Bytes of output beyond what was to be kept.
};

struct CommandLimits {
  absl::Duration timeout = absl::InfiniteDuration();
  std::function<bool()> cancelled;  // May be empty; asked every 20 ms.
  size_t most_output = SIZE_MAX;    // Bytes that are kept of it, the first.
};

// Runs a command, with the children it makes in a process group of its own, until it ends, and
// kills what is left of the group. `output` of the options is not used. A non-zero exit is a
// result, not an error. NOT_FOUND: no such program. DEADLINE_EXCEEDED, CANCELLED: it was killed, as
// the limits say; `result` has the output that came until then. Blocks. Thread-safe.
absl::Status RunWithin(const CommandLimits& limits, const SpawnOptions& options,
                       CommandResult* result);

// The same, for who has no use for the output of one that was killed.
absl::StatusOr<CommandResult> RunCommand(const SpawnOptions& options, absl::Duration timeout,
                                         const std::function<bool()>& cancelled = {});

// The environment a daemon gets: PATH, LANG, TZ, HOME and TMPDIR of this process, where set.
std::vector<std::string> CleanEnvironment();

}  // namespace weft
