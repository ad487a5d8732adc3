#include "common/mysqld/seed.h"

#include <unistd.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysqld/bootstrap_sql.h"
#include "common/mysqld/error_log.h"
#include "common/mysqld/files.h"
#include "common/mysqld/my_cnf.h"
#include "common/mysqld/process.h"

namespace weft {
namespace {

constexpr absl::Duration kInitialiseTimeout = absl::Minutes(3);

// mysqld with options that touch nothing outside `data_dir`.
SpawnOptions InitialiseCommand(const Installation& installation, const std::string& data_dir,
                               const std::string& log) {
  SpawnOptions command;
  command.argv = installation.mysqld;
  command.argv.push_back("--no-defaults");
  if (geteuid() == 0) command.argv.push_back("--user=root");
  std::vector<std::string> lines = InstallationLines(installation);
  for (std::string& line : StorageLines(installation.version_number)) lines.push_back(line);
  for (const std::string& line : lines) command.argv.push_back(absl::StrCat("--", line));
  for (const std::string& argument :
       {absl::StrCat("--datadir=", data_dir), absl::StrCat("--log-error=", log),
        std::string("--innodb-use-native-aio=OFF")}) {
    command.argv.push_back(argument);
  }
  command.environment = CleanEnvironment();
  for (const auto& [name, value] : installation.environment) {
    command.environment.push_back(absl::StrCat(name, "=", value));
  }
  return command;
}

// Before 5.7 mysqld cannot make its own system tables: it reads them as SQL, one statement a line.
absl::Status WriteBootstrapScript(const Installation& installation, const std::string& path) {
  std::string script = kBootstrapProlog;
  for (const absl::string_view name : kBootstrapFiles) {
    WEFT_ASSIGN_OR_RETURN(const std::string part,
                          ReadFile(absl::StrCat(installation.share, "/", name)));
    absl::StrAppend(&script, part, "\n");
  }
  absl::StrAppend(&script, kBootstrapEpilog);
  return WriteFileAtomically(path, script, 0600);
}

absl::Status Initialise(const Installation& installation, const std::string& data_dir) {
  const std::string log = data_dir + ".log";
  const std::string script = data_dir + ".sql";
  SpawnOptions command = InitialiseCommand(installation, data_dir, log);
  if (installation.version_number >= 50706) {
    command.argv.push_back("--initialize-insecure");
  } else {
    WEFT_RETURN_IF_ERROR(MakeFolder(data_dir + "/mysql"));
    WEFT_RETURN_IF_ERROR(WriteBootstrapScript(installation, script));
    command.argv.push_back("--bootstrap");
    command.input = script;
  }
  const absl::StatusOr<CommandResult> result = RunCommand(command, kInitialiseTimeout);
  unlink(script.c_str());
  if (!result.ok()) return result.status();
  const std::string text =
      absl::StrCat(result->output, "\n", ReadFileEnd(log, 1 << 16).value_or(""));
  if (result->exit_code != 0) {
    return DiagnoseErrorLog(
        text, absl::StrCat("the initialisation of MySQL ", installation.version), log);
  }
  unlink(log.c_str());
  unlink((data_dir + "/auto.cnf").c_str());
  return absl::OkStatus();
}

// Two installations of one version in different places may differ in what they initialise.
std::string SeedName(const Installation& installation) {
  const size_t key = std::hash<std::string>()(
      absl::StrCat(absl::StrJoin(installation.mysqld, " "), " ", installation.share, " ",
                   absl::StrJoin(StorageLines(installation.version_number), " ")));
  return absl::StrCat(installation.version, "-", absl::Hex(key & 0xffffffff, absl::kZeroPad8));
}

absl::StatusOr<std::string> EnsureSeed(const Installation& installation) {
  WEFT_RETURN_IF_ERROR(MakeFolder(installation.seed_dir, 0700));
  const std::string seed = absl::StrCat(installation.seed_dir, "/", SeedName(installation));
  if (Exists(seed)) return seed;
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(seed + ".lock"));
  if (Exists(seed)) return seed;
  const std::string fresh = seed + ".new";  // What an interrupted attempt left.
  WEFT_RETURN_IF_ERROR(RemoveTree(fresh));
  absl::Status status = Initialise(installation, fresh);
  if (status.ok() && rename(fresh.c_str(), seed.c_str()) != 0) {
    status = FileError(errno, "create", seed);
  }
  if (!status.ok()) {
    RemoveTree(fresh).IgnoreError();
    return status;
  }
  return seed;
}

}  // namespace

absl::Status MakeDataDir(const Installation& installation, const std::string& data_dir) {
  const absl::StatusOr<std::string> seed = EnsureSeed(installation);
  absl::Status status = seed.status();
  if (seed.ok()) {
    status = CopyTree(*seed, data_dir);
  } else if (absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status)) {
    status = Initialise(installation, data_dir);
  }
  if (!status.ok()) RemoveTree(data_dir).IgnoreError();
  return status;
}

}  // namespace weft
