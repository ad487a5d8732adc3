#include "common/mysqld/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace weft {
namespace {

constexpr int kReportFd = 3;

// A file without a name: unlike a pipe it takes a text of any length at once.
int TextFile(const std::string& text) {
  const int fd = memfd_create("stdin", MFD_CLOEXEC);
  if (fd < 0) return -1;
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t wrote = write(fd, text.data() + written, text.size() - written);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) break;
    written += static_cast<size_t>(wrote);
  }
  // MySQL's programs take no options from a file that everybody may write to.
  const bool closed = fchmod(fd, 0600) == 0;
  if (closed && written == text.size() && lseek(fd, 0, SEEK_SET) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

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
  if (plan.largest_file != 0) {
    const rlimit bound = {plan.largest_file, plan.largest_file};
    if (setrlimit(RLIMIT_FSIZE, &bound) != 0) fail(kReportFd);
  }
  execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  fail(kReportFd);
  _exit(127);
}

absl::Status ExecError(int error, const std::string& program) {
  const std::string what =
      absl::StrCat("cannot run ", program, ": ", std::generic_category().message(error));
  return error == ENOENT ? absl::NotFoundError(what) : absl::ErrnoToStatus(error, what);
}

Descriptors::~Descriptors() {
  if (input >= 0) close(input);
  if (output >= 0) close(output);
}

int OpenInput(const std::string& file, const std::string& text) {
  if (!text.empty()) return TextFile(text);
  return open(file.empty() ? "/dev/null" : file.c_str(), O_RDONLY | O_CLOEXEC);
}

int OpenOutput(const std::string& file) {
  if (file.empty()) return open("/dev/null", O_WRONLY | O_CLOEXEC);
  return open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

Pipe::~Pipe() {
  CloseRead();
  CloseWrite();
}

bool Pipe::Open() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end = ends[0];
  write_end = ends[1];
  return true;
}

void Pipe::CloseRead() {
  if (read_end >= 0) close(std::exchange(read_end, -1));
}

void Pipe::CloseWrite() {
  if (write_end >= 0) close(std::exchange(write_end, -1));
}

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

}  // namespace weft
