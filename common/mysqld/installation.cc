#include "common/mysqld/installation.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"
#include "common/mysqld/process.h"

namespace weft {
namespace {

using nlohmann::json;

constexpr char kScript[] = "deploy/mysql/obtain";
constexpr int kOldestVersion = 50600;
// Downloading 100 MB over a slow line.
constexpr absl::Duration kObtainTimeout = absl::Minutes(20);

// The script may need what a server must not see: proxies, apt's and npm's settings.
std::vector<std::string> WholeEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

bool IsObtainable(absl::string_view name) { return name == "9.7" || name == "5.6"; }

std::string CacheOf(const ResolveOptions& options) {
  return options.cache_dir.empty() ? DefaultMysqlCacheDir() : AbsolutePath(options.cache_dir);
}

absl::Status CheckName(absl::string_view name) {
  if (IsObtainable(name) || name == "PATH" || absl::StrContains(name, '/')) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_MYSQL",
                 absl::StrCat("'", name, "' names no MySQL"),
                 "9.7, 5.6, PATH, or the path of a mysqld", absl::StrCat("'", name, "'"),
                 "name one of these");
}

absl::StatusOr<std::string> FindScript(const ResolveOptions& options) {
  if (!options.obtain_script.empty()) return options.obtain_script;
  std::string script = LocateCompanion("deploy/mysql", "obtain");
  if (!script.empty()) return script;
  return Refusal(absl::StatusCode::kNotFound, "OBTAIN_SCRIPT_NOT_FOUND",
                 "the script deploy/mysql/obtain is missing",
                 "deploy/mysql/obtain in the working directory or above this program", "none",
                 "run this in the folder of Weft's sources");
}

// What is said on the way comes before the layout, which is the last line.
absl::StatusOr<json> LastLineAsJson(absl::string_view output) {
  const absl::string_view text = absl::StripTrailingAsciiWhitespace(output);
  const size_t line = text.rfind('\n');
  const absl::string_view last = line == absl::string_view::npos ? text : text.substr(line + 1);
  json layout = json::parse(last.begin(), last.end(), nullptr, /*allow_exceptions=*/false);
  if (layout.is_object()) return layout;
  return absl::DataLossError(absl::StrCat("deploy/mysql/obtain printed no layout: ", last));
}

absl::StatusOr<Installation> FromLayout(const json& layout) {
  Installation installation;
  try {
    layout.at("version").get_to(installation.version);
    layout.at("loader").get_to(installation.mysqld);
    installation.mysqld.push_back(layout.at("mysqld").get<std::string>());
    if (const auto path = layout.at("library_path").get<std::string>(); !path.empty()) {
      installation.environment.emplace_back("LD_LIBRARY_PATH", path);
    }
    layout.at("basedir").get_to(installation.basedir);
    layout.at("share").get_to(installation.share);
    layout.at("charsets").get_to(installation.charsets);
    layout.at("plugin_dir").get_to(installation.plugin_dir);
    layout.at("has_plugins").get_to(installation.has_plugins);
    layout.at("bin_dir").get_to(installation.bin_dir);
    layout.at("client_loader").get_to(installation.client_loader);
    layout.at("client_plugin_dir").get_to(installation.client_plugin_dir);
  } catch (const json::exception& error) {
    return absl::DataLossError(
        absl::StrCat("deploy/mysql/obtain printed an unknown layout: ", error.what()));
  }
  installation.version_number = ParseVersionNumber(installation.version);
  return installation;
}

std::string Describe(absl::string_view name) {
  return IsObtainable(name) ? absl::StrCat("MySQL ", name)
         : name == "PATH"   ? std::string("a mysqld on PATH")
                            : std::string(name);
}

// From what the script said, line by line "deploy/mysql/obtain: expected ..., found ...".
absl::Status NotUsable(absl::string_view name, absl::string_view output) {
  const std::string said =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(output), {{absl::StrCat(kScript, ": "), ""}});
  const bool absent = IsObtainable(name) || name == "PATH" || !Exists(name);
  return Refusal(absent ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition,
                 "MYSQL_NOT_USABLE", absl::StrCat("cannot use ", Describe(name), ": ", said), "",
                 "",
                 IsObtainable(name) ? absl::StrCat("run ", kScript, " ", name, " to try again")
                                    : "name 9.7, 5.6, or the path of a mysqld of 5.6 or later");
}

}  // namespace

absl::StatusOr<Installation> ResolveInstallation(absl::string_view wanted,
                                                 const ResolveOptions& options) {
  const absl::string_view name = wanted.empty() ? "PATH" : wanted;
  WEFT_RETURN_IF_ERROR(CheckName(name));
  const std::string cache = CacheOf(options);
  WEFT_ASSIGN_OR_RETURN(const std::string script, FindScript(options));
  if (!options.obtain_missing && MustBeObtained(name, options)) {
    return Refusal(absl::StatusCode::kNotFound, "MYSQL_NOT_OBTAINED",
                   absl::StrCat("MySQL ", name, " is not there yet"),
                   absl::StrCat("MySQL ", name, " in ", cache), "none",
                   absl::StrCat(kScript, " ", name));
  }
  SpawnOptions command;
  command.argv = {script, std::string(name), "--json", "--cache", cache};
  command.environment = WholeEnvironment();
  WEFT_ASSIGN_OR_RETURN(const CommandResult result,
                        RunCommand(command, kObtainTimeout, options.cancelled));
  if (result.exit_code != 0) return NotUsable(name, result.output);
  WEFT_ASSIGN_OR_RETURN(const json layout, LastLineAsJson(result.output));
  WEFT_ASSIGN_OR_RETURN(Installation installation, FromLayout(layout));
  installation.seed_dir = cache + "/seed";
  if (installation.version_number >= kOldestVersion) return installation;
  return absl::FailedPreconditionError(absl::StrCat("expected MySQL 5.6 or later, found ",
                                                    installation.version, " at ", Describe(name)));
}

bool MustBeObtained(absl::string_view name, const ResolveOptions& options) {
  return IsObtainable(name) &&
         !Exists(absl::StrCat(CacheOf(options), "/", name, "/root/.complete"));
}

std::vector<std::string> ClientProgram(const Installation& installation, absl::string_view name) {
  const std::string path = absl::StrCat(installation.bin_dir, "/", name);
  if (installation.bin_dir.empty() || !Exists(path)) return {};
  std::vector<std::string> argv = installation.client_loader;
  argv.push_back(path);
  argv.push_back("--no-defaults");
  if (!installation.client_plugin_dir.empty()) {
    argv.push_back(absl::StrCat("--plugin-dir=", installation.client_plugin_dir));
  }
  return argv;
}

std::string DefaultMysqlCacheDir() { return CacheDir() + "/mysql"; }

int ParseVersionNumber(absl::string_view version) {
  const size_t suffix = version.find_first_not_of("0123456789.");
  const std::vector<absl::string_view> parts = absl::StrSplit(version.substr(0, suffix), '.');
  int number = 0;
  if (parts.size() != 3) return 0;
  for (const absl::string_view part : parts) {
    int value = 0;
    if (!absl::SimpleAtoi(part, &value) || value > 99) return 0;
    number = number * 100 + value;
  }
  return number;
}

}  // namespace weft
