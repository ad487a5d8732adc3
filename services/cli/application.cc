#include "services/cli/application.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/version/version.h"
#include "services/cli/completion.h"
#include "services/cli/exit_code.h"
#include "services/cli/help.h"
#include "services/cli/json.h"
#include "services/cli/names.h"

namespace weft::cli {
namespace {

constexpr absl::Duration kShortestWatch = absl::Milliseconds(100);
constexpr char kClearScreen[] = "\x1b[H\x1b[J";

// Each line of `text` made printable, the first after `label`, the others under it.
std::string Labelled(absl::string_view label, absl::string_view text) {
  std::string result;
  std::string before(label);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&result, before, Printable(line), "\n");
    before = std::string(label.size(), ' ');
  }
  return result;
}

std::string ErrorText(const absl::Status& status) {
  std::string text =
      Labelled("error: ", status.message().empty() ? CodeName(status.code())
                                                   : absl::string_view(status.message()));
  const ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail());
  if (!detail.expected.empty()) absl::StrAppend(&text, Labelled("  expected: ", detail.expected));
  if (!detail.found.empty()) absl::StrAppend(&text, Labelled("  found:    ", detail.found));
  if (!detail.next_step.empty()) absl::StrAppend(&text, Labelled("  to do:    ", detail.next_step));
  return text;
}

}  // namespace

Application::Application(Surroundings surroundings)
    : surroundings_(std::move(surroundings)), connector_(&surroundings_) {
  surroundings_.run_line = [this](const std::vector<std::string>& line, const Options& defaults) {
    return Run(line, defaults);
  };
}

int Application::Run(const std::vector<std::string>& line, const Options& defaults) {
  if (!line.empty() && line[0] == "__complete") return CompleteWords(line);
  if (line.empty()) {
    surroundings_.console->Err(HelpOnAll(*surroundings_.nouns));
    return kExitUsage;
  }
  const absl::StatusOr<Invocation> invocation = Parse(line, *surroundings_.nouns, defaults);
  if (!invocation.ok()) return Fail(invocation.status(), FormatOf(line, defaults.output));
  switch (invocation->what) {
    case Invocation::What::kHelp:
      return Help(*invocation);
    case Invocation::What::kVersion:
      return Run({"version"}, invocation->options);
    case Invocation::What::kRun:
      return RunCommand(*invocation);
  }
  return kExitUsage;
}

int Application::RunCommand(const Invocation& invocation) {
  return invocation.arguments.Has("watch") ? Watch(invocation) : RunOnce(invocation);
}

int Application::RunOnce(const Invocation& invocation) {
  Context context(surroundings_, &connector_, invocation.arguments, invocation.options);
  const absl::StatusOr<Answer> answer = invocation.command->run(context);
  if (!answer.ok()) return Fail(answer.status(), invocation.options.output);
  const absl::Status printed = Print(*answer, invocation.options.output);
  if (!printed.ok()) return Fail(printed, OutputFormat::kTable);
  return answer->exit_code;
}

int Application::Watch(const Invocation& invocation) {
  const absl::Duration pause = std::max(*invocation.arguments.Duration("watch"), kShortestWatch);
  const bool live =
      surroundings_.console->out_is_terminal() && invocation.options.output == OutputFormat::kTable;
  const int interrupts = surroundings_.interrupt->count();
  const Deadline end = invocation.options.timeout.has_value()
                           ? Deadline::After(surroundings_.clock, *invocation.options.timeout)
                           : Deadline();
  Options each = invocation.options;
  each.timeout.reset();  // Of the whole, not of each look.
  for (bool first = true;; first = false) {
    Context context(surroundings_, &connector_, invocation.arguments, each);
    absl::StatusOr<Answer> answer = invocation.command->run(context);
    if (surroundings_.interrupt->count() > interrupts) return kExitInterrupted;
    absl::Status printed;
    if (answer.ok()) {
      if (live) answer->text.insert(0, kClearScreen);
      if (!live && !first) {
        if (invocation.options.output == OutputFormat::kTable) answer->text.insert(0, "\n");
        if (invocation.options.output == OutputFormat::kYaml) {
          printed = surroundings_.console->Out("---\n");
        }
      }
      if (printed.ok()) printed = Print(*answer, invocation.options.output);
      if (!printed.ok()) return Fail(printed, OutputFormat::kTable);
    } else if (absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status())) {
      // What is watched may well come back; only stderr says so, data stay data.
      surroundings_.console->Err(ErrorText(answer.status()));
    } else {
      return Fail(answer.status(), invocation.options.output);
    }
    if (surroundings_.interrupt->AwaitBeyond(interrupts, std::min(pause, end.Remaining()))) {
      return kExitInterrupted;
    }
    if (end.Passed()) return answer.ok() ? answer->exit_code : ExitCodeOf(answer.status(), false);
  }
}

int Application::Help(const Invocation& invocation) {
  const std::string text = invocation.noun == nullptr ? HelpOnAll(*surroundings_.nouns)
                           : invocation.command == nullptr
                               ? HelpOnNoun(*invocation.noun)
                               : HelpOnCommand(*invocation.noun, *invocation.command);
  const absl::Status printed = surroundings_.console->Out(text);
  return printed.ok() ? kExitOk : Fail(printed, OutputFormat::kTable);
}

int Application::CompleteWords(const std::vector<std::string>& line) {
  std::vector<std::string> words(line.begin() + 1, line.end());
  if (!words.empty() && words[0] == "--") words.erase(words.begin());
  std::string text;
  for (const Candidate& candidate :
       Complete(*surroundings_.nouns, words, {}, NamesFromController(surroundings_))) {
    absl::StrAppend(&text, candidate.word, candidate.description.empty() ? "" : "\t",
                    candidate.description, "\n");
  }
  return surroundings_.console->Out(text).ok() ? kExitOk : kExitFailed;
}

int Application::Fail(const absl::Status& status, OutputFormat format) {
  surroundings_.console->Err(ErrorText(status));
  if (format != OutputFormat::kTable) {
    // When even this cannot be written, the exit code still tells.
    Print({.json = ErrorToJson(status), .text = ""}, format).IgnoreError();
  }
  return ExitCodeOf(status, surroundings_.interrupt->raised());
}

absl::Status Application::Print(const Answer& answer, OutputFormat format) {
  if (answer.json.empty() && answer.text.empty()) return absl::OkStatus();
  switch (format) {
    case OutputFormat::kJson:
      return surroundings_.console->Out(answer.json + "\n");
    case OutputFormat::kYaml:
      return surroundings_.console->Out(JsonToYaml(answer.json));
    case OutputFormat::kTable:
      return surroundings_.console->Out(answer.text);
  }
  return absl::OkStatus();
}

}  // namespace weft::cli
