#include "services/cli/sandbox/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/serving.h"

namespace weft::cli::sandbox {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr size_t kLastWords = 2000;

// The last lines of a log, in one.
std::string LastWords(const std::string& log) {
  constexpr size_t kLines = 3;
  const std::string text = ReadFileEnd(log, kLastWords).value_or("");
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  const auto first = lines.size() > kLines ? lines.end() - kLines : lines.begin();
  return lines.empty() ? "nothing in its log" : absl::StrJoin(first, lines.end(), "; ");
}

// The programs of MySQL come before the machine's own.
std::vector<std::string> EnvironmentIn(const Folder& folder) {
  std::vector<std::string> environment = CleanEnvironment();
  for (std::string& entry : environment) {
    if (absl::StartsWith(entry, "PATH=")) entry.insert(5, folder.bin() + ":");
  }
  return environment;
}

absl::Status CheckAddressFree(const std::string& address) {
  int port = 0;
  if (!absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) return absl::OkStatus();
  return CheckPortFree(port);
}

}  // namespace

absl::StatusOr<Daemon> Daemon::Create(const Folder& folder, absl::string_view name,
                                      const std::vector<std::string>& argv,
                                      absl::string_view address) {
  Daemon daemon(folder, name);
  daemon.argv_ = argv;
  daemon.address_ = std::string(address);
  const json record = {{"argv", argv}, {"address", daemon.address_}};
  WEFT_RETURN_IF_ERROR(
      WriteFileAtomically(daemon.CommandFile(),
                          record.dump(2, ' ', false, json::error_handler_t::replace) + "\n", 0600));
  return daemon;
}

absl::StatusOr<Daemon> Daemon::Open(const Folder& folder, absl::string_view name) {
  Daemon daemon(folder, name);
  const absl::StatusOr<std::string> text = ReadFile(daemon.CommandFile());
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat("the sandbox in ", folder.dir(), " runs no ", name));
  }
  try {
    const json record = json::parse(*text);
    record.at("argv").get_to(daemon.argv_);
    record.at("address").get_to(daemon.address_);
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat(daemon.CommandFile(), ": ", error.what()));
  }
  return daemon;
}

std::vector<Daemon> Daemon::All(const Folder& folder) {
  std::vector<Daemon> daemons;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.dir() + "/run", code)) {
    if (entry.path().extension() != ".json") continue;
    absl::StatusOr<Daemon> daemon = Open(folder, entry.path().stem().string());
    if (daemon.ok()) daemons.push_back(*std::move(daemon));
  }
  return daemons;
}

absl::Status Daemon::Start() const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, Lock());
  if (pid() != 0) return absl::OkStatus();
  if (const absl::Status free = CheckAddressFree(address_); !free.ok()) {
    return Annotate(free, absl::StrCat(name_, " cannot start"));
  }
  SpawnOptions spawn;
  spawn.argv = argv_;
  spawn.environment = EnvironmentIn(folder_);
  spawn.working_dir = folder_.dir();
  spawn.output = folder_.log(name_);
  WEFT_ASSIGN_OR_RETURN(const ProcessId process, SpawnDetached(spawn));
  return WriteProcessId(PidFile(), process);
}

absl::Status Daemon::WaitServing(absl::Duration timeout) const {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout);
  while (true) {
    const absl::Status serving =
        AskServing(address_, std::min(deadline.Remaining(), absl::Milliseconds(500)));
    if (serving.ok()) return absl::OkStatus();
    if (pid() == 0) {
      const std::string words = LastWords(folder_.log(name_));
      return Refusal(absl::StatusCode::kInternal, "PROCESS_ENDED",
                     absl::StrCat(name_, " ended: ", words), "a running process", words,
                     absl::StrCat("read ", folder_.log(name_)));
    }
    if (deadline.Passed()) {
      return Refusal(absl::StatusCode::kDeadlineExceeded, "PROCESS_NOT_READY",
                     absl::StrCat(name_, " runs, but does not serve"),
                     absl::StrCat("health SERVING at ", address_), serving.message(),
                     absl::StrCat("read ", folder_.log(name_)));
    }
    RealClock::Get()->Sleep(kPoll);
  }
}

absl::Status Daemon::Stop(absl::Duration grace) const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, Lock());
  const absl::StatusOr<ProcessId> process = ReadProcessId(PidFile());
  return process.ok() ? TerminateProcess(*process, grace) : absl::OkStatus();
}

absl::Status Daemon::Kill() const {
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, Lock());
  const absl::StatusOr<ProcessId> process = ReadProcessId(PidFile());
  if (!process.ok() || !IsAlive(*process)) return absl::OkStatus();
  SignalProcess(*process, SIGKILL).IgnoreError();
  return WaitGone(*process, absl::Seconds(10));
}

int Daemon::pid() const {
  const absl::StatusOr<ProcessId> process = ReadProcessId(PidFile());
  return process.ok() && IsAlive(*process) ? process->pid : 0;
}

}  // namespace weft::cli::sandbox
