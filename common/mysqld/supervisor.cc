// mysqld_supervisor: starts one mysqld, and starts it again when it asks for that.
//
//   mysqld_supervisor --run=DIR --socket=PATH [--owner=PID:START --remove=DIR ...] -- MYSQLD
//   ARGUMENT...
//
// The statements RESTART and CLONE end mysqld with exit code 16 if MYSQLD_PARENT_PID names its
// parent; any other end is final, and ends this process. SIGTERM (or SIGINT) is passed on, and is
// final too. DIR gets, for everybody to read: supervisor.pid and mysqld.pid ("PID START_TIME"),
// lock (held while this process lives), last_exit ("exit 0", "signal 9").
//
// With --owner, mysqld is killed and the --remove folders deleted as soon as that process is gone.
//
// One runs per server, for as long as the server: so it is single-threaded, uses the C library and
// little else, and stays below 2 MB.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "common/mysqld/proc_stat.h"

namespace weft {
namespace {

constexpr int kRestartExitCode = 16;  // MYSQLD_RESTART_EXIT of the server.

struct Arguments {
  std::string run_dir;
  std::string socket;
  pid_t owner = 0;
  uint64_t owner_start = 0;
  std::vector<std::string> remove;
  char** mysqld = nullptr;
};

bool ParseArguments(int argc, char** argv, Arguments* arguments) {
  const auto value = [](const char* argument, const char* name) -> const char* {
    const size_t length = std::strlen(name);
    return std::strncmp(argument, name, length) == 0 ? argument + length : nullptr;
  };
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") == 0) {
      arguments->mysqld = argv + i + 1;
      break;
    }
    if (const char* text = value(argv[i], "--run=")) {
      arguments->run_dir = text;
    } else if (const char* text = value(argv[i], "--socket=")) {
      arguments->socket = text;
    } else if (const char* text = value(argv[i], "--remove=")) {
      arguments->remove.push_back(text);
    } else if (const char* text = value(argv[i], "--owner=")) {
      char* colon = nullptr;
      arguments->owner = static_cast<pid_t>(std::strtol(text, &colon, 10));
      if (*colon == ':') arguments->owner_start = std::strtoull(colon + 1, nullptr, 10);
    } else {
      return false;
    }
  }
  return !arguments->run_dir.empty() && !arguments->socket.empty() &&
         arguments->mysqld != nullptr && arguments->mysqld[0] != nullptr;
}

void WriteSmallFile(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  const bool whole =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(fd);
  if (!whole || rename(temporary.c_str(), path.c_str()) != 0) unlink(temporary.c_str());
}

std::string PidLine(pid_t pid) {
  ProcStat stat;
  ReadProcStat(pid, &stat);
  return std::to_string(pid) + " " + std::to_string(stat.start_time) + "\n";
}

class Supervisor {
 public:
  explicit Supervisor(const Arguments& arguments) : arguments_(arguments) {}

  int Run() {
    if (!Prepare()) return 1;
    int code = 0;
    do {
      if (!StartMysqld()) {
        code = 1;
        break;
      }
      code = WatchMysqld();
    } while (code == kRestartExitCode && !stopping_);
    unlink(File("mysqld.pid").c_str());
    unlink(File("supervisor.pid").c_str());
    if (owner_gone_) RemoveFolders();
    return code;
  }

 private:
  std::string File(const char* name) const { return arguments_.run_dir + "/" + name; }

  bool Prepare() {
    const int lock = open(File("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
      std::fprintf(stderr, "mysqld_supervisor: cannot lock %s: %s\n", File("lock").c_str(),
                   std::generic_category().message(errno).c_str());
      return false;
    }
    sigset_t watched;
    sigemptyset(&watched);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&watched, number);
    pthread_sigmask(SIG_BLOCK, &watched, nullptr);
    signal_fd_ = signalfd(-1, &watched, SFD_CLOEXEC);
    if (arguments_.owner != 0) {
      owner_fd_ = static_cast<int>(syscall(SYS_pidfd_open, arguments_.owner, 0));
      ProcStat stat;
      if (owner_fd_ < 0 || !ReadProcStat(arguments_.owner, &stat) ||
          stat.start_time != arguments_.owner_start) {
        RemoveFolders();
        return false;
      }
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): it has one thread.
    setenv("MYSQLD_PARENT_PID", std::to_string(getpid()).c_str(), 1);
    WriteSmallFile(File("supervisor.pid"), PidLine(getpid()));
    return signal_fd_ >= 0;
  }

  bool StartMysqld() {
    // A killed mysqld leaves this behind, and its successor takes it for a sign of life.
    unlink((arguments_.socket + ".lock").c_str());
    child_ = fork();
    if (child_ < 0) return false;
    if (child_ == 0) {
      if (arguments_.owner != 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
      sigset_t none;
      sigemptyset(&none);
      pthread_sigmask(SIG_SETMASK, &none, nullptr);
      execv(arguments_.mysqld[0], arguments_.mysqld);
      std::fprintf(stderr, "mysqld_supervisor: cannot run %s: %s\n", arguments_.mysqld[0],
                   std::generic_category().message(errno).c_str());
      _exit(127);
    }
    WriteSmallFile(File("mysqld.pid"), PidLine(child_));
    return true;
  }

  // Returns how mysqld ended: its exit code, or 128 + signal.
  int WatchMysqld() {
    while (true) {
      int status = 0;
      const pid_t ended = waitpid(child_, &status, WNOHANG);
      if (ended == child_) return RecordExit(status);
      pollfd events[2] = {{signal_fd_, POLLIN, 0}, {owner_fd_, POLLIN, 0}};
      if (poll(events, owner_gone_ || owner_fd_ < 0 ? 1 : 2, -1) < 0) continue;
      if (events[0].revents != 0) TakeSignal();
      if (events[1].revents != 0 && !owner_gone_) {
        owner_gone_ = stopping_ = true;
        kill(child_, SIGKILL);
      }
    }
  }

  void TakeSignal() {
    signalfd_siginfo info;
    if (read(signal_fd_, &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) return;
    if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT) return;
    stopping_ = true;
    // `child_` is not reaped yet, so its pid cannot belong to anybody else.
    kill(child_, SIGTERM);
    kill(child_, SIGCONT);
  }

  int RecordExit(int status) {
    const bool signalled = WIFSIGNALED(status);
    const int code = signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    WriteSmallFile(File("last_exit"),
                   (signalled ? "signal " : "exit ") + std::to_string(code) + "\n");
    return signalled ? 128 + code : code;
  }

  // Servers of the same owner may still be writing below while they are being killed.
  void RemoveFolders() {
    for (int attempt = 0; attempt < 50; ++attempt) {
      bool all = true;
      for (const std::string& folder : arguments_.remove) {
        std::error_code code;
        std::filesystem::remove_all(folder, code);
        all = all && !code && !std::filesystem::exists(folder, code);
      }
      if (all) return;
      poll(nullptr, 0, 100);
    }
  }

  const Arguments arguments_;
  int signal_fd_ = -1;
  int owner_fd_ = -1;
  pid_t child_ = 0;
  bool stopping_ = false;
  bool owner_gone_ = false;
};

int Main(int argc, char** argv) {
  Arguments arguments;
  if (!ParseArguments(argc, argv, &arguments)) {
    std::fprintf(stderr,
                 "usage: mysqld_supervisor --run=DIR --socket=PATH [--owner=PID:START] "
                 "[--remove=DIR] -- MYSQLD ARGUMENT...\n");
    return 2;
  }
  return Supervisor(arguments).Run();
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) { return weft::Main(argc, argv); }
