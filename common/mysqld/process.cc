#include "common/mysqld/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/proc_stat.h"

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

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Everything the child needs, made before the fork: between fork and exec of a process that may
// have threads only async-signal-safe calls are allowed.
struct ChildPlan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* working_dir;
  int input;         // Becomes stdin.
  int output;        // Becomes stdout and stderr.
  int report;        // errno of a failed exec is written here; closed by a successful one.
  pid_t parent = 0;  // Other than 0: the child ends with it.
};

constexpr int kReportFd = 3;

[[noreturn]] void ExecChild(const ChildPlan& plan) {
  const auto fail = [](int fd) {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(fd, &error, sizeof(error));
    _exit(127);
  };
  // High copies first, so that none of the three is overwritten while it is still needed.
  const int input = fcntl(plan.input, F_DUPFD, 10);
  const int output = fcntl(plan.output, F_DUPFD, 10);
  const int report = fcntl(plan.report, F_DUPFD, 10);
  if (input < 0 || output < 0 || report < 0) fail(plan.report);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) fail(report);
  if (dup3(report, kReportFd, O_CLOEXEC) < 0) fail(report);
  syscall(SYS_close_range, kReportFd + 1, ~0U, 0);
  if (chdir(plan.working_dir) != 0) fail(kReportFd);
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (plan.parent != 0) {
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) fail(kReportFd);
    if (getppid() != plan.parent) _exit(127);  // It had ended before.
  }
  execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  fail(kReportFd);
  _exit(127);
}

absl::Status ExecError(int error, const SpawnOptions& options) {
  const std::string what = absl::StrCat("cannot run ", options.argv.empty() ? "" : options.argv[0],
                                        ": ", std::generic_category().message(error));
  return error == ENOENT ? absl::NotFoundError(what) : absl::ErrnoToStatus(error, what);
}

// The descriptors a child starts with. -1: could not be opened, and errno says why.
struct Descriptors {
  int input = -1;
  int output = -1;
  ~Descriptors() {
    if (input >= 0) close(input);
    if (output >= 0) close(output);
  }
};

int OpenInput(const SpawnOptions& options) {
  return open(options.input.empty() ? "/dev/null" : options.input.c_str(), O_RDONLY | O_CLOEXEC);
}

int OpenOutput(const SpawnOptions& options) {
  if (options.output.empty()) return open("/dev/null", O_WRONLY | O_CLOEXEC);
  return open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  void CloseRead() {
    if (read_end >= 0) close(std::exchange(read_end, -1));
  }
  void CloseWrite() {
    if (write_end >= 0) close(std::exchange(write_end, -1));
  }
};

// Bytes until the end of file or until `size` are there.
size_t ReadFully(int fd, void* to, size_t size) {
  size_t have = 0;
  while (have < size) {
    const ssize_t got = read(fd, static_cast<char*>(to) + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  return have;
}

// Until the end of file.
absl::Status ReadOutput(int fd, const Deadline& deadline, const std::function<bool()>& cancelled,
                        std::string* output) {
  constexpr absl::Duration kSlice = absl::Milliseconds(100);
  while (true) {
    if (cancelled && cancelled()) return absl::CancelledError("was interrupted");
    pollfd wait = {fd, POLLIN, 0};
    const absl::Duration slice = std::min(deadline.Remaining(), kSlice);
    const int ready = poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(slice)));
    if (ready == 0 && deadline.Passed()) {
      return absl::DeadlineExceededError("did not end in time");
    }
    if (ready <= 0) continue;
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::OkStatus();
    output->append(buffer, static_cast<size_t>(got));
  }
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
  const Descriptors descriptors = {OpenInput(options), OpenOutput(options)};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (descriptors.output < 0) return FileError(errno, "write", options.output);
  if (!status.Open() || !pid_pipe.Open()) return absl::ErrnoToStatus(errno, "pipe");
  const ChildPlan plan = {Pointers(options.argv),      Pointers(options.environment),
                          options.working_dir.c_str(), descriptors.input,
                          descriptors.output,          status.write_end};

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
    return ExecError(error, options);
  }
  return process;
}

absl::StatusOr<ProcessId> SpawnChild(const SpawnOptions& options) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to run");
  Pipe status;
  const bool inherits = options.output.empty();
  const Descriptors descriptors = {
      OpenInput(options),
      inherits ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : OpenOutput(options)};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (descriptors.output < 0)
    return FileError(errno, "write", inherits ? "stderr" : options.output);
  if (!status.Open()) return absl::ErrnoToStatus(errno, "pipe");
  const ChildPlan plan = {.argv = Pointers(options.argv),
                          .environment = Pointers(options.environment),
                          .working_dir = options.working_dir.c_str(),
                          .input = descriptors.input,
                          .output = descriptors.output,
                          .report = status.write_end,
                          .parent = getpid()};
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    setpgid(0, 0);
    ExecChild(plan);
  }
  status.CloseWrite();
  ProcessId process = {.pid = child};
  ProcStat stat;
  if (ReadProcStat(child, &stat)) process.start_time = stat.start_time;
  int error = 0;
  if (ReadFully(status.read_end, &error, sizeof(error)) == sizeof(error)) {
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return ExecError(error, options);
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

absl::StatusOr<CommandResult> RunCommand(const SpawnOptions& options, absl::Duration timeout,
                                         const std::function<bool()>& cancelled) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to run");
  Pipe status, output;
  const Descriptors descriptors = {OpenInput(options), -1};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (!status.Open() || !output.Open()) return absl::ErrnoToStatus(errno, "pipe");
  const ChildPlan plan = {Pointers(options.argv),
                          Pointers(options.environment),
                          options.working_dir.c_str(),
                          descriptors.input,
                          output.write_end,
                          status.write_end};
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    setpgid(0, 0);  // So that its children can be killed with it.
    ExecChild(plan);
  }
  status.CloseWrite();
  output.CloseWrite();
  CommandResult result;
  const absl::Status ended = ReadOutput(output.read_end, Deadline::After(RealClock::Get(), timeout),
                                        cancelled, &result.output);
  if (!ended.ok()) kill(-child, SIGKILL);
  int exit_status = 0;
  while (waitpid(child, &exit_status, 0) < 0 && errno == EINTR) {
  }
  int error = 0;
  if (ReadFully(status.read_end, &error, sizeof(error)) == sizeof(error)) {
    return ExecError(error, options);
  }
  if (!ended.ok()) {
    return absl::Status(ended.code(), absl::StrCat(options.argv[0], " ", ended.message()));
  }
  result.exit_code =
      WIFSIGNALED(exit_status) ? 128 + WTERMSIG(exit_status) : WEXITSTATUS(exit_status);
  return result;
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
