// A further server for a sandbox that is up.
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "common/model/accounts.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/instance.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/find_mysql.h"
#include "services/cli/sandbox/folder.h"
#include "services/cli/sandbox/processes.h"
#include "services/cli/sandbox/sandbox.h"
#include "services/cli/sandbox/up_checks.h"

namespace weft::cli::sandbox {
namespace {

using Json = nlohmann::json;

constexpr char kProvisioner[] = "weft-provisioner";
// Whom a copy logs in as, at one server or the other.
constexpr Duty kDutiesOfCopies[] = {Duty::kManage, Duty::kBackup, Duty::kRestore};
// Where they log in from; the more precise host wins.
constexpr char kHere[] = "127.0.0.1";
constexpr absl::Duration kSlice = absl::Milliseconds(100);
// How long the copying program may take to leave an empty server when it is told to end.
constexpr absl::Duration kCopyGrace = absl::Seconds(30);

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// What weft-provisioner says of a copy that it makes alone (services/provisioner/copy_program.h).
class CopyTalk {
 public:
  CopyTalk(std::string file, const Progress& progress)
      : file_(std::move(file)), progress_(progress) {}

  // Passes on what has come since.
  void Listen() {
    const std::string all = ReadFile(file_).value_or("");
    for (size_t end; (end = all.find('\n', heard_)) != std::string::npos; heard_ = end + 1) {
      Hear(absl::string_view(all).substr(heard_, end - heard_));
    }
  }

  // After its end.
  absl::StatusOr<CopyReport> Report(int exit_code) const {
    if (error_.has_value()) {
      return Refusal(absl::StatusCode::kFailedPrecondition, TextOf(*error_, "reason"),
                     TextOf(*error_, "message"), TextOf(*error_, "expected"),
                     TextOf(*error_, "found"), TextOf(*error_, "next_step"));
    }
    if (done_.has_value()) return *done_;
    return Refusal(absl::StatusCode::kInternal, "COPY_FAILED",
                   absl::StrCat(kProvisioner, " ended before the copy stood: ", last_),
                   "a word of success", absl::StrCat("exit code ", exit_code), "");
  }

 private:
  void Hear(absl::string_view line) {
    const Json json = Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
      last_ = std::string(line);  // Its log: what it says of itself when it cannot run.
      return;
    }
    if (const std::string text = TextOf(json, "text"); !text.empty() && progress_) progress_(text);
    if (const auto error = json.find("error"); error != json.end()) error_ = *error;
    if (const auto done = json.find("done"); done != json.end()) {
      done_ = CopyReport{.method = TextOf(*done, "method"),
                         .reason = TextOf(*done, "reason"),
                         .bytes = done->value("bytes", uint64_t{0}),
                         .rows = done->value("rows", uint64_t{0}),
                         .seconds = done->value("seconds", 0.0)};
    }
  }

  const std::string file_;
  const Progress& progress_;
  size_t heard_ = 0;
  std::string last_;
  std::optional<Json> error_;
  std::optional<CopyReport> done_;
};

// One AddServer at work.
class Addition {
 public:
  Addition(const AddOptions& options, Folder folder, const Progress& progress,
           const Cancelled& cancelled)
      : options_(options), folder_(std::move(folder)), progress_(progress), cancelled_(cancelled) {}

  absl::StatusOr<Added> Run(Layout layout) {
    if (!options_.from.empty()) {
      WEFT_ASSIGN_OR_RETURN(program_, FindBinary(options_.binary_dir, kProvisioner));
    }
    WEFT_RETURN_IF_ERROR(CheckSpace(folder_.dir(), 1));
    WEFT_ASSIGN_OR_RETURN(
        const Installation mysql,
        FindMysqlFor(options_.mysql, options_.obtain_script, progress_, cancelled_));
    WEFT_ASSIGN_OR_RETURN(const Instance instance, Launch(mysql));
    auto undo = absl::MakeCleanup([&instance] { instance.Remove().IgnoreError(); });
    WEFT_RETURN_IF_ERROR(AwaitReady(instance));
    Added added;
    if (!options_.from.empty()) {
      WEFT_ASSIGN_OR_RETURN(added.copy, Copy(instance));
    }
    const InstanceState state = instance.Inspect();
    added.server = {instance.address(), state.server_uuid, static_cast<int>(state.pid),
                    instance.socket()};
    layout.added.push_back(added.server);
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(folder_.record(), ToJson(layout) + "\n", 0600));
    std::move(undo).Cancel();
    return added;
  }

 private:
  bool IsCancelled() const { return cancelled_ && cancelled_(); }

  absl::StatusOr<Instance> Launch(const Installation& mysql) const {
    WEFT_ASSIGN_OR_RETURN(const std::vector<int> ports, ClaimPorts(folder_.dir(), 2));
    InitialContent content;
    for (const Duty duty : kDuties) {
      WEFT_ASSIGN_OR_RETURN(std::string password, ReadPasswordFile(folder_.secret(DutyName(duty))));
      content.accounts.push_back({duty, std::string(DefaultUserOf(duty)), std::move(password)});
    }
    InstanceOptions options;
    options.port = ports[0];
    options.admin_port = ports[1];
    options.dir = folder_.server(options.port);
    options.name = absl::StrCat("server 127.0.0.1:", options.port);
    options.init_statements = InitialStatements(mysql.version_number, content);
    WEFT_RETURN_IF_ERROR(AddGuest(mysql.version_number, &options.init_statements));
    if (progress_) progress_(absl::StrCat("starting a server of MySQL ", mysql.version));
    WEFT_ASSIGN_OR_RETURN(Instance instance, Instance::Create(mysql, options));
    const absl::Status launched = instance.Launch();
    if (launched.ok()) return instance;
    instance.Remove().IgnoreError();
    return launched;
  }

  // Whoever logs in at the source must also be known to the copy while that is not there yet, and
  // where its version knows no longer how the source keeps passwords.
  absl::Status AddGuest(int version, std::vector<std::string>* statements) const {
    if (options_.from_user.empty()) return absl::OkStatus();
    WEFT_ASSIGN_OR_RETURN(const std::string password, ReadSecretFile(options_.from_password_file));
    statements->push_back(CreateAccountStatement(version, options_.from_user, kHere, password));
    for (const Duty duty : kDutiesOfCopies) {
      for (std::string& grant :
           GrantStatements(PrivilegesOf(duty, version), options_.from_user, kHere)) {
        statements->push_back(std::move(grant));
      }
    }
    return absl::OkStatus();
  }

  absl::Status AwaitReady(const Instance& instance) const {
    const Deadline deadline = Deadline::After(RealClock::Get(), options_.timeout);
    while (true) {
      const absl::Status status = instance.WaitReady(std::min(deadline.Remaining(), kSlice));
      if (!absl::IsDeadlineExceeded(status) || deadline.Passed()) return status;
      if (IsCancelled()) return absl::CancelledError("interrupted");
    }
  }

  std::vector<std::string> Command(const Instance& instance) const {
    std::vector<std::string> argv = {
        program_,
        absl::StrCat("--copy-from=", options_.from),
        absl::StrCat("--copy-onto=", instance.address()),
        absl::StrCat("--copy-method=", options_.method),
        absl::StrCat("--copy-bytes-per-second=", options_.bytes_per_second),
        absl::StrCat("--copy-opens=", !options_.read_only)};
    for (const Duty duty : kDutiesOfCopies) {
      const bool own = options_.from_user.empty();
      argv.push_back(absl::StrCat("--", DutyName(duty),
                                  "-user=", own ? DefaultUserOf(duty) : options_.from_user));
      argv.push_back(absl::StrCat(
          "--", DutyName(duty), "-password-file=",
          own ? folder_.secret(DutyName(duty)) : AbsolutePath(options_.from_password_file)));
    }
    return argv;
  }

  absl::StatusOr<CopyReport> Copy(const Instance& instance) const {
    SpawnOptions command;
    command.argv = Command(instance);
    command.environment = CleanEnvironment();
    command.output = folder_.log(absl::StrCat("copy-", instance.port()));
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(command.output, "", 0600));
    WEFT_ASSIGN_OR_RETURN(const ProcessId child, SpawnChild(command));
    CopyTalk talk(command.output, progress_);
    bool told_to_end = false;
    Deadline deadline;
    std::optional<int> ended;
    while (!(ended = ReapChild(child)).has_value()) {
      talk.Listen();
      if (!told_to_end && IsCancelled()) {
        told_to_end = true;
        deadline = Deadline::After(RealClock::Get(), kCopyGrace);
        SignalProcess(child, SIGTERM).IgnoreError();
      }
      if (deadline.Passed()) SignalProcess(child, SIGKILL).IgnoreError();
      RealClock::Get()->Sleep(kSlice);
    }
    talk.Listen();
    if (told_to_end) return absl::CancelledError("interrupted");
    return talk.Report(*ended);
  }

  const AddOptions& options_;
  const Folder folder_;
  const Progress& progress_;
  const Cancelled& cancelled_;
  std::string program_;
};

}  // namespace

absl::StatusOr<Added> AddServer(absl::string_view dir, const AddOptions& options,
                                const Progress& progress, const Cancelled& cancelled) {
  WEFT_RETURN_IF_ERROR(Load(dir).status());
  Folder folder(dir);
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, folder.Take());
  // Read again behind the lock: another may have added one meanwhile.
  WEFT_ASSIGN_OR_RETURN(Layout layout, Load(dir));
  return Addition(options, std::move(folder), progress, cancelled).Run(std::move(layout));
}

}  // namespace weft::cli::sandbox
