#include "common/mysqld/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/mysqld/child.h"
#include "common/mysqld/files.h"
#include "common/mysqld/proc_stat.h"
#include "common/mysqld/spawn.h"

namespace weft {
namespace {

int OpenPidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// A pidfd of that very process; -1 if it is gone. Looking at the start time after the descriptor
// was opened closes the gap in which the pid could pass to another process.
int OpenVerified(const ProcessId& process) {
  const int fd = OpenPidfd(process.pid);
  if (fd < 0) return -1;
  if (IsAlive(process)) return fd;
  close(fd);
  return -1;
}

// Each of its threads does.
bool StandsStill(pid_t pid) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator threads(absl::StrCat("/proc/", pid, "/task"), error);
  for (; !error && threads != fs::directory_iterator(); threads.increment(error)) {
    pid_t thread = 0;
    ProcStat stat;
    if (!absl::SimpleAtoi(threads->path().filename().string(), &thread)) continue;
    if (ReadProcStat(thread, &stat) && stat.state != 'T' && stat.state != 'Z') return false;
  }
  return !error;
}

}  // namespace

absl::StatusOr<ProcessId> IdentifyProcess(pid_t pid) {
  ProcStat stat;
  if (pid <= 0 || !ReadProcStat(pid, &stat) || HasEnded(stat)) {
    return absl::NotFoundError(absl::StrCat("no process ", pid));
  }
  return ProcessId{.pid = pid, .start_time = stat.start_time};
}

bool IsAlive(const ProcessId& process) {
  const absl::StatusOr<ProcessId> now = IdentifyProcess(process.pid);
  return now.ok() && *now == process;
}

absl::Status SignalProcess(const ProcessId& process, int signal) {
  const int fd = OpenVerified(process);
  if (fd < 0) return absl::NotFoundError(absl::StrCat("process ", process.pid, " is gone"));
  const long result = syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0);
  const int error = errno;
  close(fd);
  if (result == 0) return absl::OkStatus();
  if (error == ESRCH) return absl::NotFoundError(absl::StrCat("process ", process.pid, " is gone"));
  return absl::ErrnoToStatus(error, absl::StrCat("cannot signal process ", process.pid));
}

absl::Status WaitGone(const ProcessId& process, absl::Duration timeout) {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  const int fd = OpenVerified(process);
  if (fd < 0) return absl::OkStatus();
  const absl::Cleanup close_fd = [fd] { close(fd); };
  while (true) {
    pollfd wait = {fd, POLLIN, 0};  // A pidfd is readable once its process has ended.
    const int64_t left =
        absl::ToInt64Milliseconds(std::min<absl::Duration>(deadline.Remaining(), absl::Hours(1)));
    const int ready = poll(&wait, 1, static_cast<int>(left));
    if (ready > 0) return absl::OkStatus();
    if (ready == 0 && deadline.Passed()) {
      return absl::DeadlineExceededError(absl::StrCat("process ", process.pid, " still runs after ",
                                                      absl::FormatDuration(timeout)));
    }
  }
}

absl::Status TerminateProcess(const ProcessId& process, absl::Duration grace) {
  if (SignalProcess(process, SIGTERM).ok()) {
    SignalProcess(process, SIGCONT).IgnoreError();
    if (WaitGone(process, grace).ok()) return absl::OkStatus();
    SignalProcess(process, SIGKILL).IgnoreError();
  }
  return WaitGone(process, absl::Seconds(10));
}

absl::Status PauseProcess(const ProcessId& process, absl::Duration timeout) {
  WEFT_RETURN_IF_ERROR(SignalProcess(process, SIGSTOP));
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  while (!StandsStill(process.pid)) {
    if (!IsAlive(process)) {
      return absl::NotFoundError(absl::StrCat("process ", process.pid, " is gone"));
    }
    if (deadline.Passed()) {
      return absl::DeadlineExceededError(absl::StrCat(
          "process ", process.pid, " does not stand still after ", absl::FormatDuration(timeout)));
    }
    RealClock::Get()->Sleep(absl::Milliseconds(1));
  }
  return absl::OkStatus();
}

absl::Status WriteProcessId(absl::string_view path, const ProcessId& process) {
  return WriteFileAtomically(path, absl::StrCat(process.pid, " ", process.start_time, "\n"), 0644);
}

absl::StatusOr<ProcessId> ReadProcessId(absl::string_view path) {
  WEFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  ProcessId process;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &process.pid) ||
      !absl::SimpleAtoi(words[1], &process.start_time)) {
    return absl::DataLossError(
        absl::StrCat(path, ": expected \"PID START_TIME\", found \"", text.substr(0, 40), "\""));
  }
  return process;
}

absl::StatusOr<ProcessId> SpawnDetached(const SpawnOptions& options) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to run");
  Pipe status, pid_pipe;
  const Descriptors descriptors = {OpenInput(options.input, options.input_text),
                                   OpenOutput(options.output)};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (descriptors.output < 0) return FileError(errno, "write", options.output);
  if (!status.Open() || !pid_pipe.Open()) return absl::ErrnoToStatus(errno, "pipe");
  const ChildPlan plan = PlanOf(options, descriptors.input, descriptors.output, status.write_end);

  const pid_t middle = fork();
  if (middle < 0) return absl::ErrnoToStatus(errno, "fork");
  if (middle == 0) {
    // The session's leader ends at once: its child can never get a controlling terminal, and is
    // init's to reap.
    setsid();
    const pid_t child = _Fork();
    if (child == 0) ExecChild(plan);
    [[maybe_unused]] const ssize_t written = write(pid_pipe.write_end, &child, sizeof(child));
    _exit(child < 0 ? 1 : 0);
  }
  status.CloseWrite();
  pid_pipe.CloseWrite();
  ProcessId process;
  const size_t pid_bytes = ReadFully(pid_pipe.read_end, &process.pid, sizeof(process.pid));
  while (waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (pid_bytes != sizeof(process.pid) || process.pid <= 0) {
    return absl::InternalError(absl::StrCat("cannot fork for ", options.argv[0]));
  }
  ProcStat stat;
  if (ReadProcStat(process.pid, &stat)) process.start_time = stat.start_time;
  int error = 0;
  if (ReadFully(status.read_end, &error, sizeof(error)) == sizeof(error)) {
    return ExecError(error, options.argv[0]);
  }
  return process;
}

absl::StatusOr<ProcessId> SpawnChild(const SpawnOptions& options) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to run");
  Pipe status;
  const bool inherits = options.output.empty();
  const Descriptors descriptors = {
      OpenInput(options.input, options.input_text),
      inherits ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : OpenOutput(options.output)};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (descriptors.output < 0)
    return FileError(errno, "write", inherits ? "stderr" : options.output);
  if (!status.Open()) return absl::ErrnoToStatus(errno, "pipe");
  ChildPlan plan = PlanOf(options, descriptors.input, descriptors.output, status.write_end);
  plan.parent = getpid();
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    setpgid(0, 0);
    ExecChild(plan);
  }
  setpgid(child, child);  // Whoever of the two comes first.
  status.CloseWrite();
  ProcessId process = {.pid = child};
  ProcStat stat;
  if (ReadProcStat(child, &stat)) process.start_time = stat.start_time;
  int error = 0;
  if (ReadFully(status.read_end, &error, sizeof(error)) == sizeof(error)) {
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return ExecError(error, options.argv[0]);
  }
  return process;
}

std::optional<int> ReapChild(const ProcessId& child) {
  int status = 0;
  const pid_t ended = waitpid(child.pid, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  if (ended < 0) return 128;  // Somebody else has reaped it.
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<std::string> CleanEnvironment() {
  std::vector<std::string> environment;
  bool has_path = false;
  for (const char* name : {"PATH", "LANG", "TZ", "HOME", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    environment.push_back(absl::StrCat(name, "=", value));
    has_path = has_path || std::strcmp(name, "PATH") == 0;
  }
  if (!has_path) environment.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
  return environment;
}

}  // namespace weft
