#include "services/cli/fabric/grammar.h"

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::Command;
using fabric::Parameter;
using fabric::Value;

// One option that may be given: takes its value, or "" for a flag.
struct Option {
  std::string name;
  bool takes_value = true;
  std::function<absl::Status(const std::string& value)> take;
};

// Splits options from arguments. Stops at the first argument where `interspersed` is false.
class OptionReader {
 public:
  OptionReader(absl::string_view program, std::vector<Option> options)
      : program_(program), options_(std::move(options)) {}

  absl::Status Read(const std::vector<std::string>& words, size_t* next, bool interspersed,
                    std::vector<std::string>* arguments) const {
    while (*next < words.size()) {
      const std::string& word = words[*next];
      if (word == "--") {
        ++*next;
        if (interspersed) {
          arguments->insert(arguments->end(), words.begin() + *next, words.end());
          *next = words.size();
        }
        return absl::OkStatus();
      }
      const bool is_option = word.size() > 1 && word[0] == '-';
      if (!is_option && !interspersed) return absl::OkStatus();
      ++*next;
      if (is_option) {
        WEFT_RETURN_IF_ERROR(TakeOption(word, words, next));
      } else {
        arguments->push_back(word);
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(program_, ": error: ", what, "\n"));
  }

  absl::Status TakeOption(const std::string& word, const std::vector<std::string>& words,
                          size_t* next) const {
    const size_t equals = word.find('=');
    const std::string given = word.substr(0, equals);
    WEFT_ASSIGN_OR_RETURN(const Option* option, Find(given == "-h" ? "--help" : given));
    if (!option->takes_value) {
      if (equals == std::string::npos) return option->take("");
      return Wrong(absl::StrCat("--", option->name, " option does not take a value"));
    }
    if (equals != std::string::npos) return option->take(word.substr(equals + 1));
    if (*next == words.size()) {
      return Wrong(absl::StrCat("--", option->name, " option requires an argument"));
    }
    return option->take(words[(*next)++]);
  }

  absl::StatusOr<const Option*> Find(const std::string& given) const {
    std::vector<const Option*> candidates;
    for (const Option& option : options_) {
      const std::string name = "--" + option.name;
      if (name == given) return &option;
      if (given.size() > 2 && absl::StartsWith(name, given)) candidates.push_back(&option);
    }
    if (candidates.size() == 1) return candidates[0];
    if (candidates.empty()) return Wrong("no such option: " + given);
    return Wrong(absl::StrCat("ambiguous option: ", given, " (",
                              absl::StrJoin(candidates, ", ",
                                            [](std::string* out, const Option* option) {
                                              absl::StrAppend(out, "--", option->name);
                                            }),
                              "?)"));
  }

  const absl::string_view program_;
  const std::vector<Option> options_;
};

std::vector<Option> GlobalOptions(Globals* globals, absl::string_view program, bool* help,
                                  bool* version) {
  const auto flag = [](bool* target) {
    return [target](const std::string&) {
      *target = true;
      return absl::OkStatus();
    };
  };
  std::vector<Option> options = {
      {"help", false, flag(help)},
      {"param", true,
       [globals](const std::string& value) {
         globals->parameters.push_back(value);
         return absl::OkStatus();
       }},
      {"config", true,
       [globals](const std::string& value) {
         globals->config = value;
         return absl::OkStatus();
       }},
      {"output", true, [globals, program](const std::string& value) -> absl::Status {
         if (value != "table" && value != "json") {
           return absl::InvalidArgumentError(
               absl::StrCat(program, ": error: option --output: invalid choice: '", value,
                            "' (choose from 'table', 'json')\n"));
         }
         globals->output = value == "json" ? Output::kJson : Output::kTable;
         return absl::OkStatus();
       }}};
  if (version != nullptr) options.push_back({"version", false, flag(version)});
  return options;
}

// The option behind a parameter; what it is given ends in `target`.
Option OptionOf(const Parameter& parameter, Value* target) {
  if (parameter.is_flag()) {
    const bool turned = !std::get<bool>(parameter.standard->data);
    return {parameter.name, false, [target, turned](const std::string&) {
              *target = Value{turned};
              return absl::OkStatus();
            }};
  }
  if (parameter.is_list) {
    return {parameter.name, true, [target](const std::string& value) {
              if (target->is_nil()) target->data = fabric::List();
              std::get<fabric::List>(target->data).push_back(Value{value});
              return absl::OkStatus();
            }};
  }
  return {parameter.name, true, [target](const std::string& value) {
            *target = Value{value};
            return absl::OkStatus();
          }};
}

absl::Status WrongCount(const Command& command, absl::string_view program) {
  return absl::InvalidArgumentError(
      absl::StrCat("Usage:  ", command.Signature(), " \n\n", program,
                   ": error: Wrong number of parameters were provided for command '", command.group,
                   " ", command.name, "'.\n"));
}

// What follows GROUP COMMAND.
absl::Status ParseCommand(const std::vector<std::string>& words, size_t next,
                          absl::string_view program, Line* line) {
  const Command& command = *line->command;
  line->arguments.resize(command.parameters.size());
  bool help = false;
  std::vector<Option> options = GlobalOptions(&line->globals, program, &help, nullptr);
  options.push_back({"user", true, [line](const std::string& value) {
                       line->user = value;
                       return absl::OkStatus();
                     }});
  std::vector<size_t> positional;
  for (size_t i = 0; i < command.parameters.size(); ++i) {
    const Parameter& parameter = command.parameters[i];
    if (parameter.is_mandatory()) {
      positional.push_back(i);
      continue;
    }
    line->arguments[i] = *parameter.standard;
    options.push_back(OptionOf(parameter, &line->arguments[i]));
  }
  std::vector<std::string> arguments;
  WEFT_RETURN_IF_ERROR(
      OptionReader(program, std::move(options)).Read(words, &next, true, &arguments));
  if (help) {
    line->verb = Line::Verb::kExplain;
    return absl::OkStatus();
  }
  if (arguments.size() != positional.size()) return WrongCount(command, program);
  for (size_t i = 0; i < positional.size(); ++i) {
    line->arguments[positional[i]] = Value{arguments[i]};
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Line> ParseLine(const std::vector<std::string>& words, absl::string_view program) {
  Line line;
  bool help = false;
  bool version = false;
  size_t next = 0;
  WEFT_RETURN_IF_ERROR(OptionReader(program, GlobalOptions(&line.globals, program, &help, &version))
                           .Read(words, &next, false, nullptr));
  line.asked_for_usage = help;
  if (version || help || next == words.size()) {
    line.verb = version ? Line::Verb::kVersion : Line::Verb::kUsage;
    return line;
  }
  const std::string& group = words[next];
  if (group == "help" || next + 1 == words.size()) {
    if (group == "help") ++next;
    line.verb = Line::Verb::kHelp;
    line.words.assign(words.begin() + next, words.end());
    return line;
  }
  const std::string& name = words[next + 1];
  line.command = fabric::FindCommand(absl::StrCat(group, ".", name));
  if (line.command == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(program, ": error: Command (", group, " ", name, ") was not found.\n"));
  }
  WEFT_RETURN_IF_ERROR(ParseCommand(words, next + 2, program, &line));
  return line;
}

}  // namespace weft::cli::mysqlfabric
