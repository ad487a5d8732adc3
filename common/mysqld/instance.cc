#include "common/mysqld/instance.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysql/quote.h"
#include "common/mysqld/bootstrap_sql.h"
#include "common/mysqld/error_log.h"
#include "common/mysqld/files.h"
#include "common/mysqld/greeting.h"
#include "common/mysqld/instance_record.h"
#include "common/mysqld/locate.h"
#include "common/mysqld/my_cnf.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "common/mysqld/seed.h"

namespace weft {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(5);
constexpr absl::Duration kForkTimeout = absl::Seconds(10);
constexpr absl::Duration kDeathTimeout = absl::Seconds(10);
constexpr absl::Duration kPauseTimeout = absl::Seconds(10);
constexpr size_t kLogTail = 1 << 16;

// The process recorded in a run file, if that very one still lives.
absl::StatusOr<ProcessId> LiveProcess(const std::string& pid_file) {
  WEFT_ASSIGN_OR_RETURN(const ProcessId process, ReadProcessId(pid_file));
  if (!IsAlive(process)) return absl::NotFoundError("it has ended");
  return process;
}

// A local socket's name is at most 107 bytes long, so a deep folder needs a short one beside it.
absl::Status ChooseSocket(const std::string& dir, std::string* socket, std::string* socket_dir) {
  *socket = dir + "/mysqld.sock";
  if (socket->size() < sizeof(sockaddr_un::sun_path)) return absl::OkStatus();
  char folder[] = "/tmp/weft-socket-XXXXXX";
  if (mkdtemp(folder) == nullptr) return FileError(errno, "make the folder", folder);
  *socket_dir = folder;
  *socket = *socket_dir + "/mysqld.sock";
  return absl::OkStatus();
}

absl::Status CheckOptions(const InstanceOptions& options) {
  const auto invalid = [](absl::string_view what) { return absl::InvalidArgumentError(what); };
  if (options.dir.empty() || options.dir.front() != '/') {
    return invalid(absl::StrCat("expected an absolute folder, found '", options.dir, "'"));
  }
  // What an option file would take for something else.
  if (options.dir.find_first_of("\n\r\t#\"'\\") != std::string::npos) {
    return invalid(
        absl::StrCat("expected a folder without #, quotes, backslashes and line breaks in "
                     "its name, found '",
                     options.dir, "'"));
  }
  if (options.port < 1 || options.port > 65535 || options.admin_port < 0 ||
      options.admin_port > 65535 || options.admin_port == options.port) {
    return invalid(absl::StrCat("expected two different ports from 1 to 65535, found ",
                                options.port, " and ", options.admin_port));
  }
  for (const std::string& statement : options.init_statements) {
    if (statement.find_first_of("\n\r") != std::string::npos) {
      return invalid("an init statement must be one line");
    }
  }
  return absl::OkStatus();
}

// In the only folder that the server may write files to by SQL.
std::string InitialisedMarker(const std::string& dir) { return dir + "/tmp/initialised"; }

// The init file runs before the first connection and never goes to the binary log, so a fresh
// server has no transaction of its own.
std::string InitScript(const std::vector<std::string>& statements, const std::string& marker) {
  if (statements.empty()) return "";
  std::string script;
  for (const std::string& statement : statements) absl::StrAppend(&script, statement, ";\n");
  absl::StrAppend(&script, kMarkInitialised, mysql::QuoteString(marker), ";\n");
  return script;
}

absl::Status WriteServerFiles(const Instance& instance, InstanceOptions options) {
  const std::string& dir = instance.dir();
  if (options.server_id == 0) options.server_id = static_cast<uint32_t>(options.port);
  if (options.server_uuid.empty()) options.server_uuid = RandomUuid();
  WEFT_RETURN_IF_ERROR(MakeFolder(dir + "/tmp", 0700));
  WEFT_RETURN_IF_ERROR(MakeDataDir(instance.installation(), instance.data_dir()));
  WEFT_RETURN_IF_ERROR(
      WriteFileAtomically(instance.data_dir() + "/auto.cnf",
                          absl::StrCat("[auto]\nserver-uuid=", options.server_uuid, "\n"), 0640));
  const MyCnfPaths paths = {.data_dir = instance.data_dir(),
                            .tmp_dir = dir + "/tmp",
                            .socket = instance.socket(),
                            .pid_file = dir + "/mysqld.pid",
                            .error_log = instance.error_log(),
                            .init_file = dir + "/init.sql"};
  WEFT_RETURN_IF_ERROR(WriteFileAtomically(
      paths.init_file, InitScript(options.init_statements, InitialisedMarker(dir)), 0600));
  // Last, as its presence says that the folder is whole.
  return WriteFileAtomically(
      dir + "/my.cnf", RenderMyCnf(instance.installation(), options, paths, geteuid() == 0), 0640);
}

}  // namespace

absl::StatusOr<Instance> Instance::Create(const Installation& installation,
                                          const InstanceOptions& options) {
  WEFT_RETURN_IF_ERROR(CheckOptions(options));
  if (!IsAbsentOrEmpty(options.dir)) {
    return absl::AlreadyExistsError(
        absl::StrCat(options.dir, ": expected no folder or an empty one, found files in it"));
  }
  Instance instance;
  instance.dir_ = options.dir;
  instance.name_ = options.name;
  instance.port_ = options.port;
  instance.admin_port_ = installation.version_number >= 80014 ? options.admin_port : 0;
  instance.installation_ = installation;
  instance.remove_with_owner_ = options.remove_with_owner;
  instance.supervisor_ = options.supervisor.empty()
                             ? LocateCompanion("common/mysqld", "mysqld_supervisor")
                             : options.supervisor;
  if (instance.supervisor_.empty()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "SUPERVISOR_NOT_FOUND",
                   "mysqld_supervisor is missing", "mysqld_supervisor beside this program",
                   "none there, nor in common/mysqld above it",
                   "bazel build //common/mysqld:mysqld_supervisor");
  }
  if (options.owner != 0) {
    WEFT_ASSIGN_OR_RETURN(const ProcessId owner, IdentifyProcess(options.owner));
    instance.owner_ = absl::StrCat(owner.pid, ":", owner.start_time);
  }
  WEFT_RETURN_IF_ERROR(MakeFolder(options.dir + "/run"));
  absl::Status status = ChooseSocket(instance.dir_, &instance.socket_, &instance.socket_dir_);
  if (status.ok()) status = InstanceRecord::Write(instance);
  if (status.ok()) status = WriteServerFiles(instance, options);
  if (status.ok()) return instance;
  instance.Remove().IgnoreError();
  if (!instance.socket_dir_.empty()) RemoveTree(instance.socket_dir_).IgnoreError();
  return status;
}

absl::StatusOr<Instance> Instance::Open(absl::string_view dir) { return InstanceRecord::Read(dir); }

absl::Status Instance::Start(absl::Duration timeout) const {
  WEFT_RETURN_IF_ERROR(Launch());
  return WaitReady(timeout);
}

absl::Status Instance::Launch() const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(RunFile("command.lock")));
  return LaunchLocked();
}

absl::Status Instance::LaunchLocked() const {
  if (LiveProcess(RunFile("mysqld.pid")).ok() || LiveProcess(RunFile("supervisor.pid")).ok()) {
    return absl::OkStatus();
  }
  if (!Exists(dir_ + "/my.cnf")) {
    return absl::FailedPreconditionError(absl::StrCat(Name(), " was made only by half"));
  }
  for (const int port : {port_, admin_port_}) {
    if (port == 0) continue;
    if (absl::Status free = CheckPortFree(port); !free.ok()) {
      return Annotate(free, absl::StrCat(Name(), " cannot start"));
    }
  }
  for (const char* name : {"mysqld.pid", "supervisor.pid", "last_exit"}) {
    unlink(RunFile(name).c_str());
  }
  unlink(InitialisedMarker(dir_).c_str());
  // What the log says from here on is about this start.
  const std::string before = ReadFile(error_log()).value_or("");
  WEFT_RETURN_IF_ERROR(
      WriteFileAtomically(RunFile("log_start"), absl::StrCat(before.size()), 0644));

  SpawnOptions spawn;
  spawn.argv = {supervisor_, absl::StrCat("--run=", dir_, "/run"),
                absl::StrCat("--socket=", socket_)};
  if (!owner_.empty()) {
    spawn.argv.push_back(absl::StrCat("--owner=", owner_));
    spawn.argv.push_back(absl::StrCat("--remove=", dir_));
    if (!socket_dir_.empty()) spawn.argv.push_back(absl::StrCat("--remove=", socket_dir_));
    for (const std::string& folder : remove_with_owner_) {
      spawn.argv.push_back(absl::StrCat("--remove=", folder));
    }
  }
  spawn.argv.push_back("--");
  spawn.argv.insert(spawn.argv.end(), installation_.mysqld.begin(), installation_.mysqld.end());
  spawn.argv.push_back(absl::StrCat("--defaults-file=", dir_, "/my.cnf"));
  spawn.environment = CleanEnvironment();
  for (const auto& [name, value] : installation_.environment) {
    spawn.environment.push_back(absl::StrCat(name, "=", value));
  }
  spawn.working_dir = dir_;
  spawn.output = dir_ + "/mysqld.out";
  WEFT_RETURN_IF_ERROR(SpawnDetached(spawn).status());
  return AwaitFork();
}

// Until the supervisor has written down its mysqld, other commands would take it for stopped.
absl::Status Instance::AwaitFork() const {
  const Deadline deadline = Deadline::After(RealClock::Get(), kForkTimeout);
  while (!deadline.Passed()) {
    if (Exists(RunFile("mysqld.pid"))) return absl::OkStatus();
    if (Exists(RunFile("last_exit"))) return StartError();
    RealClock::Get()->Sleep(kPoll);
  }
  return absl::InternalError(
      absl::StrCat(Name(), ": its supervisor did not start it; read ", dir_, "/mysqld.out"));
}

absl::Status Instance::WaitReady(absl::Duration timeout) const {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  while (true) {
    const absl::Status greeting =
        AwaitGreeting(socket_, std::min(deadline.Remaining(), absl::Milliseconds(500)));
    if (greeting.ok()) break;
    if (!LiveProcess(RunFile("supervisor.pid")).ok() && !LiveProcess(RunFile("mysqld.pid")).ok()) {
      return StartError();
    }
    if (deadline.Passed()) {
      // On a full disk mysqld waits for room instead of ending.
      if (const absl::Status why = StartError(); !absl::IsInternal(why)) return why;
      return Refusal(absl::StatusCode::kDeadlineExceeded, "SERVER_NOT_READY",
                     absl::StrCat(Name(), " runs, but is not ready"),
                     absl::StrCat("connections within ", absl::FormatDuration(timeout)),
                     greeting.message(), absl::StrCat("read ", error_log()));
    }
    RealClock::Get()->Sleep(kPoll);
  }
  return FinishFirstStart();
}

absl::Status Instance::FinishFirstStart() const {
  const std::string init_file = dir_ + "/init.sql";
  if (ReadFile(init_file).value_or("").empty()) return absl::OkStatus();
  if (!Exists(InitialisedMarker(dir_))) {
    const std::string errors = ErrorLines(LogSinceLaunch());
    const std::string found = errors.empty() ? "one was refused" : errors;
    return Refusal(absl::StatusCode::kInternal, "INIT_STATEMENT_FAILED",
                   absl::StrCat(Name(), " could not be set up: ", found),
                   "its first statements to be executed", found,
                   absl::StrCat("read ", error_log()));
  }
  unlink(InitialisedMarker(dir_).c_str());
  // The passwords in it are not needed a second time. It stays, empty, since my.cnf names it.
  return WriteFileAtomically(init_file, "", 0600);
}

std::string Instance::LogSinceLaunch() const {
  size_t start = 0;
  (void)absl::SimpleAtoi(ReadFile(RunFile("log_start")).value_or("0"), &start);
  const std::string log = ReadFile(error_log()).value_or("");
  return log.substr(std::min(start, log.size()));
}

absl::Status Instance::StartError() const {
  const std::string text = absl::StrCat(LogSinceLaunch(), "\n",
                                        ReadFileEnd(dir_ + "/mysqld.out", kLogTail).value_or(""));
  return DiagnoseErrorLog(text, Name(), error_log());
}

absl::Status Instance::Stop(absl::Duration grace) const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(RunFile("command.lock")));
  const Deadline deadline = Deadline::After(RealClock::Get(), grace);
  const absl::StatusOr<ProcessId> supervisor = LiveProcess(RunFile("supervisor.pid"));
  if (supervisor.ok()) {
    // It passes the signal on, so that a RESTART under way is stopped too.
    SignalProcess(*supervisor, SIGTERM).IgnoreError();
    SignalProcess(*supervisor, SIGCONT).IgnoreError();
    if (WaitGone(*supervisor, grace).ok()) return absl::OkStatus();
  }
  const absl::StatusOr<ProcessId> mysqld = LiveProcess(RunFile("mysqld.pid"));
  if (mysqld.ok()) WEFT_RETURN_IF_ERROR(TerminateProcess(*mysqld, deadline.Remaining()));
  return supervisor.ok() ? WaitGone(*supervisor, kDeathTimeout) : absl::OkStatus();
}

absl::Status Instance::Kill() const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(RunFile("command.lock")));
  const absl::StatusOr<ProcessId> supervisor = LiveProcess(RunFile("supervisor.pid"));
  const absl::StatusOr<ProcessId> mysqld = LiveProcess(RunFile("mysqld.pid"));
  if (!mysqld.ok()) return absl::FailedPreconditionError(absl::StrCat(Name(), " does not run"));
  WEFT_RETURN_IF_ERROR(SignalProcess(*mysqld, SIGKILL));
  WEFT_RETURN_IF_ERROR(WaitGone(*mysqld, kDeathTimeout));
  return supervisor.ok() ? WaitGone(*supervisor, kDeathTimeout) : absl::OkStatus();
}

absl::Status Instance::Pause() const {
  const absl::StatusOr<ProcessId> mysqld = LiveProcess(RunFile("mysqld.pid"));
  if (!mysqld.ok()) return absl::FailedPreconditionError(absl::StrCat(Name(), " does not run"));
  return PauseProcess(*mysqld, kPauseTimeout);
}

absl::Status Instance::Resume() const {
  const absl::StatusOr<ProcessId> mysqld = LiveProcess(RunFile("mysqld.pid"));
  if (!mysqld.ok()) return absl::FailedPreconditionError(absl::StrCat(Name(), " does not run"));
  return SignalProcess(*mysqld, SIGCONT);
}

absl::Status Instance::Remove() const { return RemoveInstance(dir_); }

InstanceState Instance::Inspect() const {
  InstanceState state;
  const absl::StatusOr<ProcessId> mysqld = LiveProcess(RunFile("mysqld.pid"));
  const absl::StatusOr<ProcessId> supervisor = LiveProcess(RunFile("supervisor.pid"));
  state.running = mysqld.ok();
  if (mysqld.ok()) state.pid = mysqld->pid;
  if (supervisor.ok()) state.supervisor_pid = supervisor->pid;
  const std::string auto_cnf = ReadFile(data_dir() + "/auto.cnf").value_or("");
  for (absl::string_view line : absl::StrSplit(auto_cnf, '\n')) {
    if (absl::ConsumePrefix(&line, "server-uuid=")) state.server_uuid = std::string(line);
  }
  state.last_exit = ReadFile(RunFile("last_exit")).value_or("");
  while (!state.last_exit.empty() && state.last_exit.back() == '\n') state.last_exit.pop_back();
  return state;
}

std::string Instance::address() const { return absl::StrCat("127.0.0.1:", port_); }
std::string Instance::data_dir() const { return dir_ + "/data"; }
std::string Instance::error_log() const { return dir_ + "/mysqld.log"; }

std::string Instance::Name() const {
  return name_.empty() ? absl::StrCat("the server in ", dir_) : name_;
}

std::string Instance::RunFile(absl::string_view name) const { return InstanceRunFile(dir_, name); }

absl::Status RemoveInstance(absl::string_view dir) {
  // The supervisor first: else it could start what is being removed once more.
  for (const char* name : {"supervisor.pid", "mysqld.pid"}) {
    const absl::StatusOr<ProcessId> process = LiveProcess(InstanceRunFile(dir, name));
    if (!process.ok()) continue;
    SignalProcess(*process, SIGKILL).IgnoreError();
    WEFT_RETURN_IF_ERROR(WaitGone(*process, kDeathTimeout));
  }
  const absl::StatusOr<Instance> instance = Instance::Open(dir);
  if (instance.ok() && !instance->socket_dir_.empty()) {
    WEFT_RETURN_IF_ERROR(RemoveTree(instance->socket_dir_));
  }
  return RemoveTree(dir);
}

}  // namespace weft
