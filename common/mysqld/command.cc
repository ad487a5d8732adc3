#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/mysqld/child.h"
#include "common/mysqld/files.h"
#include "common/mysqld/process.h"
#include "common/mysqld/spawn.h"

namespace weft {
namespace {

constexpr absl::Duration kSlice = absl::Milliseconds(20);
// At most so much at a time: one that never stops printing must not keep its deadline away.
constexpr size_t kMostAtATime = 1 << 20;

// What is there to be read, without waiting. False at the end of the output.
bool Drain(int fd, size_t most_output, CommandResult* result) {
  std::array<char, 65536> buffer;
  for (size_t taken = 0; taken < kMostAtATime;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    const size_t size = static_cast<size_t>(got);
    const size_t kept = std::min(size, most_output - result->output.size());
    result->output.append(buffer.data(), kept);
    result->dropped += size - kept;
    taken += size;
  }
  return true;
}

// Until the program has ended, which others of its group need not have, or is to be ended.
absl::Status Attend(int pidfd, Pipe* output, const CommandLimits& limits, CommandResult* result) {
  const Deadline deadline = Deadline::After(RealClock::Get(), limits.timeout);
  while (true) {
    // A pidfd is readable once its process has ended; poll leaves out a closed output.
    pollfd wait[] = {{pidfd, POLLIN, 0}, {output->read_end, POLLIN, 0}};
    const absl::Duration slice = std::min(deadline.Remaining(), kSlice);
    poll(wait, 2, static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(slice, kSlice))));
    const bool ended = (wait[0].revents & POLLIN) != 0;
    if (output->read_end >= 0 && !Drain(output->read_end, limits.most_output, result)) {
      output->CloseRead();
    }
    if (ended) return absl::OkStatus();
    if (limits.cancelled && limits.cancelled()) return absl::CancelledError("was interrupted");
    if (deadline.Passed()) return absl::DeadlineExceededError("did not end in time");
  }
}

}  // namespace

absl::Status RunWithin(const CommandLimits& limits, const SpawnOptions& options,
                       CommandResult* result) {
  *result = {};
  if (options.argv.empty()) return absl::InvalidArgumentError("no program to run");
  Pipe status, output;
  const Descriptors descriptors = {OpenInput(options.input, options.input_text), -1};
  if (descriptors.input < 0) return FileError(errno, "read", options.input);
  if (!status.Open() || !output.Open()) return absl::ErrnoToStatus(errno, "pipe");
  if (fcntl(output.read_end, F_SETFL, O_NONBLOCK) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const ChildPlan plan = PlanOf(options, descriptors.input, output.write_end, status.write_end);
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    setpgid(0, 0);
    ExecChild(plan);
  }
  setpgid(child, child);  // Whoever of the two comes first.
  status.CloseWrite();
  output.CloseWrite();
  int error = 0;
  const bool started = ReadFully(status.read_end, &error, sizeof(error)) != sizeof(error);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  const absl::Cleanup close_pidfd = [pidfd] { close(pidfd); };
  absl::Status ended;
  if (!started) {
    ended = ExecError(error, options.argv[0]);
  } else if (pidfd < 0) {
    ended = absl::ErrnoToStatus(errno, "cannot be watched");
  } else {
    ended = Attend(pidfd, &output, limits, result);
  }
  kill(-child, SIGKILL);  // Not reaped yet: its number is still its own.
  int exit_status = 0;
  while (waitpid(child, &exit_status, 0) < 0 && errno == EINTR) {
  }
  if (!started) return ended;
  if (!ended.ok()) {
    return absl::Status(ended.code(), absl::StrCat(options.argv[0], " ", ended.message()));
  }
  result->signal = WIFSIGNALED(exit_status) ? WTERMSIG(exit_status) : 0;
  result->exit_code = result->signal != 0 ? 128 + result->signal : WEXITSTATUS(exit_status);
  return absl::OkStatus();
}

absl::StatusOr<CommandResult> RunCommand(const SpawnOptions& options, absl::Duration timeout,
                                         const std::function<bool()>& cancelled) {
  CommandResult result;
  WEFT_RETURN_IF_ERROR(RunWithin({.timeout = timeout, .cancelled = cancelled}, options, &result));
  return result;
}

}  // namespace weft
