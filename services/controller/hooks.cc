#include "services/controller/hooks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/duration_text.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "common/mysqld/process.h"
#include "yaml-cpp/yaml.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kLongestDeadline = absl::Minutes(5);

absl::Status BadFile(absl::string_view where, absl::string_view expected, absl::string_view found) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_HOOKS_FILE",
                         absl::StrCat("the hooks file is wrong at ", where), expected, found,
                         "mend the file; see docs/operations.md, section Hooks");
}

absl::StatusOr<Hook> ParseHook(const std::string& name, const YAML::Node& node) {
  if (!node.IsMap()) return BadFile(name, "command, deadline, on_failure", "something else");
  Hook hook;
  for (const auto& entry : node) {
    const std::string key = entry.first.as<std::string>();
    const std::string where = absl::StrCat(name, ".", key);
    if (key == "command") {
      if (!entry.second.IsSequence())
        return BadFile(where, "a list: program, arguments", "no list");
      hook.command = entry.second.as<std::vector<std::string>>();
    } else if (key == "deadline") {
      const std::string text = entry.second.as<std::string>();
      if (!absl::ParseDuration(text, &hook.deadline) || hook.deadline <= absl::ZeroDuration() ||
          hook.deadline > kLongestDeadline) {
        return BadFile(where, "a time such as 500ms or 10s, at most 5m", text);
      }
    } else if (key == "on_failure") {
      const std::string text = entry.second.as<std::string>();
      if (text != "abort" && text != "continue") return BadFile(where, "abort or continue", text);
      hook.abort_on_failure = text == "abort";
    } else {
      return BadFile(where, "command, deadline or on_failure", key);
    }
  }
  if (hook.command.empty() || !absl::StartsWith(hook.command[0], "/")) {
    return BadFile(absl::StrCat(name, ".command"), "a program by its absolute path",
                   hook.command.empty() ? "none" : hook.command[0]);
  }
  return hook;
}

// What others may change is not the operator's word.
absl::Status CheckMode(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    const std::string why = std::generic_category().message(errno);
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "BAD_HOOKS_FILE",
                           absl::StrCat("cannot read ", path, ": ", why), "a file", why,
                           "make the file, or leave --hooks-file");
  }
  if ((info.st_mode & S_IWOTH) == 0) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "HOOKS_FILE_OPEN",
                         absl::StrCat("everybody may write to ", path),
                         "a file that only its owner may write to", "mode o+w",
                         absl::StrCat("chmod o-w ", path));
}

SpawnOptions ProgramOf(const Hook& hook, const std::string& input,
                       const std::map<std::string, std::string>& variables) {
  SpawnOptions program;
  program.argv = hook.command;
  program.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const auto& [name, value] : variables) {
    program.environment.push_back(absl::StrCat(name, "=", value));
  }
  program.working_dir = ".";
  program.input_text = input;
  return program;
}

absl::Status EndOf(const absl::Status& status, const CommandResult& result, const Hook& hook) {
  if (absl::IsDeadlineExceeded(status)) {
    return absl::DeadlineExceededError(
        absl::StrCat("killed at its deadline of ", DurationText(hook.deadline)));
  }
  if (absl::IsCancelled(status)) {
    return absl::CancelledError("killed: nobody waits for its answer any more");
  }
  if (!status.ok()) return status;
  if (result.signal != 0) {
    return absl::AbortedError(absl::StrCat("killed by signal ", result.signal));
  }
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("exit code ", result.exit_code));
}

}  // namespace

absl::StatusOr<HookBook> ParseHooks(const std::string& text) {
  HookBook book;
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return book;
    if (!root.IsMap() || root.size() != 1 || !root["hooks"] || !root["hooks"].IsMap()) {
      return BadFile("its top", "one map called hooks", "something else");
    }
    for (const auto& entry : root["hooks"]) {
      const std::string name = entry.first.as<std::string>();
      if (!ValidateGroupId(name).ok()) {
        return BadFile(name, "a name of 1 to 64 letters, digits, '_', '-', '.'", name);
      }
      WEFT_ASSIGN_OR_RETURN(book[name], ParseHook(name, entry.second));
    }
  } catch (const YAML::Exception& error) {
    return BadFile("a line", "YAML", error.what());
  }
  return book;
}

absl::StatusOr<HookBook> ReadHooksFile(const std::string& path) {
  WEFT_RETURN_IF_ERROR(CheckMode(path));
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.good()) return BadFile(path, "a file that can be read", "one that cannot");
  WEFT_ASSIGN_OR_RETURN(HookBook book, ParseHooks(text.str()));
  for (const auto& [name, hook] : book) {
    WEFT_RETURN_IF_ERROR(CheckMode(hook.command[0]));
    if (access(hook.command[0].c_str(), X_OK) == 0) continue;
    return BadFile(absl::StrCat(name, ".command"), "a program that may be run", hook.command[0]);
  }
  return book;
}

HookEnd RunProgram(const Hook& hook, const std::string& input,
                   const std::map<std::string, std::string>& variables,
                   const std::function<bool()>& gone) {
  const absl::Duration began = RealClock::Get()->MonotonicNow();
  CommandResult result;
  const absl::Status status =
      RunWithin({.timeout = hook.deadline, .cancelled = gone, .most_output = kMostHookOutput},
                ProgramOf(hook, input, variables), &result);
  HookEnd end;
  end.status = EndOf(status, result, hook);
  end.output = std::move(result.output);
  if (result.dropped > 0) absl::StrAppend(&end.output, "... and ", result.dropped, " bytes more");
  end.took = RealClock::Get()->MonotonicNow() - began;
  return end;
}

}  // namespace weft::controller
