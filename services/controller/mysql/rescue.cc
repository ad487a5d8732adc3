#include "services/controller/mysql/rescue.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/stable_hash.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"
#include "common/mysqld/process.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

// FNV-1a: the same for the same set in every process, so that a rescue finds its own file again.
// The binary logs that may hold `set`: from the last one before which nothing of it was written.
absl::StatusOr<std::vector<std::string>> LogsWith(Turn& turn, const GtidSet& set) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(sql::kBinaryLogs));
  std::vector<std::string> names;
  for (size_t i = rows.size(); i > 0; --i) {
    const std::string name = rows[i - 1].StringOr("Log_name", "");
    names.insert(names.begin(), name);
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet events, turn.Read(sql::kFirstEvents, {name}));
    for (const mysql::ResultSet::Row event : events) {
      if (event.StringOr("Event_type", "") != "Previous_gtids") continue;
      WEFT_ASSIGN_OR_RETURN(const GtidSet before, GtidSet::Parse(event.StringOr("Info", "")));
      if (!before.Intersects(set)) return names;
    }
  }
  return names;
}

// Quoted for an option file.
std::string Quoted(absl::string_view value) {
  return absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// An option file.
absl::StatusOr<std::string> LoginText(const FarmOptions& options, const HostPort& address) {
  WEFT_ASSIGN_OR_RETURN(const std::string password, options.backup.password());
  std::string text =
      absl::StrCat("[client]\nprotocol=tcp\nhost=", Quoted(address.host), "\nport=", address.port,
                   "\nuser=", Quoted(options.backup.user), "\npassword=", Quoted(password), "\n");
  if (!options.ca_file.empty()) absl::StrAppend(&text, "ssl-ca=", Quoted(options.ca_file), "\n");
  if (options.tls == mysql::TlsMode::kDisabled) absl::StrAppend(&text, "ssl-mode=DISABLED\n");
  return text;
}

// Of the transactions in a saved text, and of nothing that depends on how they were read: GTIDs are
// not enough, since a server that was rewound or rebuilt gives its own once more.
uint64_t IdentityOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::string identity;
  while (std::getline(file, line)) {
    for (const absl::string_view part : sql::kIdentifying) {
      if (absl::StartsWith(line, part)) absl::StrAppend(&identity, line, "\n");
    }
  }
  return StableHash(identity);
}

// What the saved text holds.
absl::StatusOr<GtidSet> SetIn(const std::string& path) {
  GtidSet saved;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, sql::kNextGtid)) continue;
    const auto gtid = ParseGtid(rest.substr(0, rest.find('\'')));
    if (gtid.ok()) saved.Add(*gtid);  // AUTOMATIC at the end is none
  }
  return saved;
}

absl::Status Unavailable(const FarmOptions& options, absl::string_view found) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "MYSQLBINLOG_UNAVAILABLE",
      "the transactions cannot be saved without mysqlbinlog", "a mysqlbinlog that runs",
      absl::StrCat(options.mysqlbinlog.empty() ? "none is configured" : options.mysqlbinlog.back(),
                   ": ", found),
      "install MySQL's client programs, or name mysqlbinlog in the "
      "controller's options");
}

absl::Status RunReader(Turn& turn, const FarmOptions& options, const std::string& login,
                       const GtidSet& set, const std::vector<std::string>& logs,
                       const std::string& target) {
  if (options.mysqlbinlog.empty()) return Unavailable(options, "no program");
  SpawnOptions spawn;
  // Whatever the program does.
  spawn.largest_file = options.rescue_limit;
  // On its standard input, so that no password is left in a folder whoever is killed meanwhile.
  spawn.input_text = login;
  // The option file must be the first option, where some would have --no-defaults.
  const std::string option_file = "--defaults-file=/proc/self/fd/0";
  bool placed = false;
  for (const std::string& word : options.mysqlbinlog) {
    placed = placed || word == "--no-defaults";
    spawn.argv.push_back(word == "--no-defaults" ? option_file : word);
  }
  if (!placed) spawn.argv.push_back(option_file);
  spawn.argv.insert(spawn.argv.end(), {"--read-from-remote-server", "--verbose",
                                       absl::StrCat("--include-gtids=", set.ToString()),
                                       absl::StrCat("--result-file=", target)});
  spawn.argv.insert(spawn.argv.end(), logs.begin(), logs.end());
  spawn.argv.front() = LocateProgram(spawn.argv.front());
  spawn.environment = CleanEnvironment();
  spawn.working_dir = options.rescue_dir;
  const absl::StatusOr<CommandResult> ran = RunCommand(spawn, turn.deadline().Remaining());
  if (absl::IsNotFound(ran.status())) return Unavailable(options, "not found");
  WEFT_ASSIGN_OR_RETURN(const CommandResult result, ran);
  if (result.exit_code == 0) return absl::OkStatus();
  constexpr int kNotFound = 127;  // by a script that runs it
  if (result.exit_code == kNotFound) return Unavailable(options, "not found");
  struct stat status;
  const bool full = result.exit_code == 128 + SIGXFSZ ||
                    (stat(target.c_str(), &status) == 0 &&
                     static_cast<uint64_t>(status.st_size) + 512 > options.rescue_limit);
  if (full) {
    return ::weft::Refusal(absl::StatusCode::kResourceExhausted, "RESCUE_TOO_LARGE",
                           "the transactions to save are larger than the limit of a rescue",
                           absl::StrCat("at most ", options.rescue_limit, " bytes"), "more",
                           "raise the limit, or save the binary logs by hand");
  }
  return absl::InternalError(absl::StrCat("mysqlbinlog ended with ", result.exit_code, ": ",
                                          result.output.substr(0, 400)));
}

}  // namespace

absl::Status WriteTransactions(Turn& turn, const FarmOptions& options, const GtidSet& set,
                               const std::string& target) {
  WEFT_RETURN_IF_ERROR(MakeFolder(options.rescue_dir, 0700));
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> logs, LogsWith(turn, set));
  WEFT_ASSIGN_OR_RETURN(const std::string login, LoginText(options, turn.address()));
  // It keeps the mode of a file that is there; its own would let the group read.
  WEFT_RETURN_IF_ERROR(WriteFileAtomically(target, "", 0600));
  WEFT_RETURN_IF_ERROR(RunReader(turn, options, login, set, logs, target));
  WEFT_ASSIGN_OR_RETURN(const GtidSet saved, SetIn(target));
  const GtidSet lost = set.Minus(saved);
  if (lost.Empty()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kNotFound, "TRANSACTIONS_PURGED",
                         "the binary logs no longer hold all of the transactions", set.ToString(),
                         absl::StrCat("missing: ", lost.ToString()),
                         "look for a backup of the binary logs");
}

absl::StatusOr<std::string> SaveTransactionsOf(Turn& turn, const FarmOptions& options,
                                               const std::string& group, const ServerUuid& server,
                                               const GtidSet& set) {
  const std::string base = absl::StrCat(options.rescue_dir, "/", group, "-", server.text(), "-");
  // Complete under its name, or not there.
  const std::string part = absl::StrCat(base, "part-", RandomHex(4));
  absl::Cleanup drop_part = [&part] { unlink(part.c_str()); };
  WEFT_RETURN_IF_ERROR(WriteTransactions(turn, options, set, part));
  const std::string path = absl::StrCat(base, absl::StrFormat("%016x", IdentityOf(part)), ".sql");
  if (Exists(path)) return path;
  if (rename(part.c_str(), path.c_str()) != 0) return FileError(errno, "keeping", path);
  std::move(drop_part).Cancel();
  return path;
}

}  // namespace weft::controller
