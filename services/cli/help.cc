#include "services/cli/help.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/cli/render.h"

namespace weft::cli {
namespace {

constexpr int kWidth = 80;

// `text` in lines of at most `width` columns, which begin with `indent` blanks.
std::string Wrap(absl::string_view text, int indent, int width) {
  std::string result;
  std::string line;
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) > width - indent) {
      absl::StrAppend(&result, std::string(indent, ' '), line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  if (!line.empty()) absl::StrAppend(&result, std::string(indent, ' '), line, "\n");
  return result;
}

// Lines "  name   text", the texts aligned and wrapped.
std::string Definitions(const std::vector<std::pair<std::string, std::string>>& definitions) {
  size_t width = 0;
  for (const auto& [name, text] : definitions) width = std::max(width, name.size());
  const int column = static_cast<int>(std::min<size_t>(width, 26)) + 4;
  std::string result;
  for (const auto& [name, text] : definitions) {
    std::string wrapped = Wrap(text, column, kWidth);
    std::string head = absl::StrCat("  ", name);
    if (static_cast<int>(head.size()) + 2 > column) {
      absl::StrAppend(&result, head, "\n", wrapped);
    } else {
      wrapped.replace(0, head.size(), head);
      absl::StrAppend(&result, wrapped);
    }
  }
  return result;
}

std::string HelpOf(const Parameter& parameter) {
  if (parameter.choices.empty() || parameter.help.size() > 60) return parameter.help;
  // Choices that the help does not name already.
  for (const std::string& choice : parameter.choices) {
    if (parameter.help.find(choice) != std::string::npos) return parameter.help;
  }
  return absl::StrCat(parameter.help, ": ", absl::StrJoin(parameter.choices, ", "));
}

std::string NameOf(const Parameter& parameter, const std::string& short_name) {
  if (parameter.name == "watch") return "--watch[=SECONDS]";
  return absl::StrCat(short_name.empty() ? "" : absl::StrCat("-", short_name, ", "), "--",
                      parameter.name, parameter.placeholder.empty() ? "" : " ",
                      parameter.placeholder);
}

std::string GlobalsText() {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const GlobalOption& global : GlobalOptions()) {
    lines.emplace_back(NameOf(global.parameter, global.short_name), global.parameter.help);
  }
  lines.emplace_back("-h, --help", "this help, of any command");
  return Definitions(lines);
}

}  // namespace

std::string HelpOnAll(const Nouns& nouns) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Noun& noun : nouns) lines.emplace_back(noun.name, noun.summary);
  return absl::StrCat(
      "weft: the control plane of MySQL farms\n\n",
      "usage: weft NOUN VERB [ARGUMENTS] [OPTIONS]\n\n", "nouns (weft NOUN --help says more):\n",
      Definitions(lines), "\noptions of every command, wherever they stand:\n", GlobalsText(),
      "\nexit codes: 0 done; 1 refused or failed; 2 usage; 3 not found; 4 unavailable;\n"
      "  5 permission; 6 conflict; 7 timeout; 8 answered, and something is not well;\n"
      "  130 interrupted\n",
      "\nexamples:\n  weft sandbox up --dir /tmp/sandbox --servers 3\n"
      "  export WEFT_SANDBOX=/tmp/sandbox\n  weft group promote g1\n  weft topology --watch\n");
}

std::string HelpOnNoun(const Noun& noun) {
  if (noun.commands.size() == 1 && noun.commands[0].verb.empty()) {
    return HelpOnCommand(noun, noun.commands[0]);
  }
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Command& command : noun.commands) lines.emplace_back(command.verb, command.summary);
  std::string text = absl::StrCat("weft ", noun.name, ": ", noun.summary, "\n\nusage: weft ",
                                  noun.name, " VERB [ARGUMENTS] [OPTIONS]\n\nverbs (weft ",
                                  noun.name, " VERB --help says more):\n", Definitions(lines));
  absl::StrAppend(&text, "\nexamples:\n");
  for (const Command& command : noun.commands) {
    if (!command.examples.empty()) absl::StrAppend(&text, "  ", command.examples[0], "\n");
  }
  return absl::StrCat(text, "\noptions of every command: weft --help\n");
}

std::string HelpOnCommand(const Noun& noun, const Command& command) {
  const std::vector<Parameter> own = OptionsOf(command);
  std::string text =
      absl::StrCat(Wrap(absl::StrCat(command.summary, "."), 0, kWidth),
                   "\nusage: ", UsageOf(noun, command), own.empty() ? "" : " [OPTIONS]", "\n");
  if (!command.aliases.empty()) {
    absl::StrAppend(&text, "also: weft ", noun.name, " ", absl::StrJoin(command.aliases, ", "),
                    "\n");
  }
  if (!command.details.empty()) absl::StrAppend(&text, "\n", Wrap(command.details, 0, kWidth));
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Parameter& parameter : command.positionals) {
    lines.emplace_back(parameter.placeholder, HelpOf(parameter));
  }
  if (!lines.empty()) absl::StrAppend(&text, "\narguments:\n", Definitions(lines));
  lines.clear();
  for (const Parameter& parameter : own) {
    lines.emplace_back(NameOf(parameter, ""), HelpOf(parameter));
  }
  if (!lines.empty()) absl::StrAppend(&text, "\noptions:\n", Definitions(lines));
  absl::StrAppend(&text, "\nexamples:\n");
  for (const std::string& example : command.examples) absl::StrAppend(&text, "  ", example, "\n");
  return absl::StrCat(text, "\noptions of every command: weft --help\n");
}

}  // namespace weft::cli
