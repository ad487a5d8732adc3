#include "services/cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

absl::Status Usage(absl::string_view message, absl::string_view expected, absl::string_view found,
                   absl::string_view next_step) {
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", message, expected, found, next_step);
}

// One parameter and where CLI11 puts what was given for it.
struct Slot {
  const Parameter* parameter = nullptr;
  CLI::Option* option = nullptr;
  std::string value;
};

// CLI11's parser of the grammar. It alone knows CLI11, and lives as long as one line.
class Line {
 public:
  explicit Line(const Nouns& nouns) : nouns_(nouns) {
    root_.set_help_flag("-h,--help");
    root_.allow_extras();
    root_.fallthrough();
    root_.require_subcommand(0, 1);
    version_ = root_.add_flag("--version,-V");
    for (const GlobalOption& global : GlobalOptions()) {
      const std::string& name = global.parameter.name;
      AddOption(root_, global.parameter, global_slots_,
                absl::StrCat("--", name, global.short_name.empty() ? "" : ",-", global.short_name));
    }
    for (const Noun& noun : nouns_) {
      CLI::App* app = root_.add_subcommand(noun.name);
      app->require_subcommand(0, 1);
      for (const Command& command : noun.commands) {
        if (command.verb.empty()) {
          AddParameters(*app, command);
          continue;
        }
        CLI::App* verb = app->add_subcommand(command.verb);
        for (const std::string& alias : command.aliases) verb->alias(alias);
        AddParameters(*verb, command);
      }
    }
  }

  absl::StatusOr<Invocation> Parse(const std::vector<std::string>& words, const Options& defaults) {
    Invocation result;
    result.options = defaults;
    try {
      root_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
      result.what = Invocation::What::kHelp;
      FindCalled(result);
      return result;
    } catch (const CLI::ParseError& error) {
      FindCalled(result);
      return Usage(error.what(), "", "", HelpOn(result));
    }
    if (version_->count() > 0) {
      result.what = Invocation::What::kVersion;
      return result;
    }
    FindCalled(result);
    WEFT_RETURN_IF_ERROR(CheckWords(result));
    WEFT_RETURN_IF_ERROR(TakeGlobals(result));
    WEFT_RETURN_IF_ERROR(TakeArguments(result));
    return result;
  }

 private:
  void AddOption(CLI::App& app, const Parameter& parameter, std::deque<Slot>& slots,
                 const std::string& names) {
    Slot& slot = slots.emplace_back();
    slot.parameter = &parameter;
    if (parameter.name == "watch") {
      // A switch with a value that may be left out: --watch or --watch=5, never --watch 5.
      slot.option = app.add_flag(names + "{2}", slot.value);
    } else if (parameter.placeholder.empty()) {
      slot.option = app.add_flag(names);
    } else {
      slot.option = app.add_option(names, slot.value);
    }
    slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  void AddParameters(CLI::App& app, const Command& command) {
    std::deque<Slot>& slots = command_slots_[&command];
    for (const Parameter& parameter : command.positionals) {
      Slot& slot = slots.emplace_back();
      slot.parameter = &parameter;
      // An argument may also be given by its name: `--group g1`.
      slot.option = app.add_option(absl::StrCat(parameter.name, ",--", parameter.name), slot.value);
      if (!parameter.repeated) continue;
      slot.option->expected(-1)->multi_option_policy(CLI::MultiOptionPolicy::Join);  // By '\n'.
    }
    const std::vector<Parameter>& options = options_.emplace_back(OptionsOf(command));
    for (const Parameter& parameter : options) {
      AddOption(app, parameter, slots, "--" + parameter.name);
    }
  }

  // The noun and command that the words named, as far as they did.
  void FindCalled(Invocation& result) const {
    const std::vector<CLI::App*> called = root_.get_subcommands();
    if (called.empty()) return;
    result.noun = FindNoun(nouns_, called[0]->get_name());
    const std::vector<CLI::App*> verbs = called[0]->get_subcommands();
    result.command = FindCommand(*result.noun, verbs.empty() ? "" : verbs[0]->get_name());
  }

  static std::string HelpOn(const Invocation& result) {
    if (result.noun == nullptr) return "weft --help";
    if (result.command == nullptr || result.command->verb.empty()) {
      return absl::StrCat("weft ", result.noun->name, " --help");
    }
    return absl::StrCat("weft ", result.noun->name, " ", result.command->verb, " --help");
  }

  // Words that nothing took: an unknown noun, verb or option, or one argument too many.
  absl::Status CheckWords(const Invocation& result) const {
    const std::vector<std::string> extra = root_.remaining(true);
    for (const std::string& word : extra) {
      if (absl::StartsWith(word, "--password") || absl::StartsWith(word, "-p")) {
        return Usage("passwords are never taken from the command line, where others can read them",
                     "--password-file FILE, WEFT_PASSWORD_FILE, WEFT_PASSWORD or a prompt",
                     "an option for a password", HelpOn(result));
      }
      if (absl::StartsWith(word, "-") && word != "-") return UnknownOption(word, result);
    }
    std::vector<std::string> names;
    if (result.noun == nullptr) {
      for (const Noun& noun : nouns_) names.push_back(noun.name);
      return UnknownWord("command", extra, names, result);
    }
    if (result.command == nullptr) {
      for (const Command& command : result.noun->commands) names.push_back(command.verb);
      return UnknownWord(absl::StrCat("verb of ", result.noun->name), extra, names, result);
    }
    if (!extra.empty()) {
      return Usage("one argument too many", UsageOf(*result.noun, *result.command),
                   absl::StrCat("also \"", extra[0], "\""), HelpOn(result));
    }
    return absl::OkStatus();
  }

  static absl::Status UnknownWord(const std::string& what, const std::vector<std::string>& extra,
                                  const std::vector<std::string>& names, const Invocation& result) {
    const std::string expected = absl::StrCat("one of ", absl::StrJoin(names, ", "));
    if (extra.empty()) return Usage(absl::StrCat("no ", what), expected, "none", HelpOn(result));
    const std::string nearest = Nearest(extra[0], names);
    return Usage(absl::StrCat("unknown ", what, ": ", extra[0],
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")),
                 expected, extra[0], HelpOn(result));
  }

  absl::Status UnknownOption(const std::string& word, const Invocation& result) const {
    std::vector<std::string> names;
    for (const GlobalOption& global : GlobalOptions()) {
      names.push_back("--" + global.parameter.name);
    }
    if (result.command != nullptr) {
      for (const Parameter& own : OptionsOf(*result.command)) names.push_back("--" + own.name);
    }
    const std::string name = word.substr(0, word.find('='));
    const std::string nearest = Nearest(name, names);
    return Usage(absl::StrCat("unknown option: ", name,
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")),
                 absl::StrCat("one of ", absl::StrJoin(names, ", ")), name, HelpOn(result));
  }

  absl::Status TakeGlobals(Invocation& result) {
    for (Slot& slot : global_slots_) {
      if (slot.option->count() == 0) continue;
      if (!slot.parameter->placeholder.empty()) {
        WEFT_RETURN_IF_ERROR(CheckOption(slot, result));
      }
      ApplyGlobal(slot.parameter->name, slot.value, result.options);
    }
    return absl::OkStatus();
  }

  absl::Status TakeArguments(Invocation& result) {
    for (Slot& slot : command_slots_[result.command]) {
      const Parameter& parameter = *slot.parameter;
      const bool positional = !parameter.placeholder.empty() && slot.option->get_positional();
      if (slot.option->count() == 0) {
        if (!positional || parameter.optional) continue;
        return Usage(absl::StrCat("missing ", parameter.placeholder),
                     UsageOf(*result.noun, *result.command), "nothing in its place",
                     HelpOn(result));
      }
      if (parameter.name == "watch") {
        if (!ParseTimeSpan(slot.value).has_value()) {
          return Usage("wrong value for --watch", "seconds, as in --watch=5", slot.value,
                       HelpOn(result));
        }
      } else if (!parameter.placeholder.empty()) {
        WEFT_RETURN_IF_ERROR(CheckOption(slot, result));
      }
      result.arguments.Set(parameter.name, slot.value);
    }
    return absl::OkStatus();
  }

  static absl::Status CheckOption(Slot& slot, const Invocation& result) {
    absl::Status status = CheckValue(*slot.parameter, slot.value);
    if (status.ok()) return status;
    const ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail());
    return Usage(status.message(), detail.expected, detail.found, HelpOn(result));
  }

  const Nouns& nouns_;
  CLI::App root_;
  CLI::Option* version_ = nullptr;
  std::deque<Slot> global_slots_;
  std::map<const Command*, std::deque<Slot>> command_slots_;
  std::deque<std::vector<Parameter>> options_;
};

// Levenshtein's distance with neighbours swapped counted once.
int Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

absl::StatusOr<Invocation> Parse(const std::vector<std::string>& line, const Nouns& nouns,
                                 const Options& defaults) {
  std::vector<std::string> words = line;
  if (!words.empty() && words[0] == "help") {  // `weft help group create`
    words.erase(words.begin());
    words.push_back("--help");
  }
  return Line(nouns).Parse(words, defaults);
}

void ApplyGlobal(const std::string& name, const std::string& value, Options& options) {
  if (name == "output") {
    options.output = value == "json"   ? OutputFormat::kJson
                     : value == "yaml" ? OutputFormat::kYaml
                                       : OutputFormat::kTable;
  }
  if (name == "json") options.output = OutputFormat::kJson;
  if (name == "controller") options.controller = value;
  if (name == "provisioner") options.provisioner = value;
  if (name == "sandbox") options.sandbox = value;
  if (name == "user") options.user = value;
  if (name == "password-file") options.password_file = value;
  if (name == "token-file") options.token_file = value;
  if (name == "tls-ca") options.tls_ca = value;
  if (name == "tls-cert") options.tls_cert = value;
  if (name == "tls-key") options.tls_key = value;
  if (name == "tls-server-name") options.tls_server_name = value;
  if (name == "insecure") options.insecure = true;
  if (name == "timeout") options.timeout = ParseTimeSpan(value);
  if (name == "no-color") options.no_color = true;
}

OutputFormat FormatOf(const std::vector<std::string>& line, OutputFormat otherwise) {
  OutputFormat format = otherwise;
  for (size_t i = 0; i < line.size() && line[i] != "--"; ++i) {
    const std::string next = i + 1 < line.size() ? line[i + 1] : "";
    const bool split = line[i] == "-o" || line[i] == "--output";
    for (const char* name : {"table", "json", "yaml"}) {
      if ((split && next == name) || line[i] == absl::StrCat("-o", name) ||
          line[i] == absl::StrCat("-o=", name) || line[i] == absl::StrCat("--output=", name) ||
          line[i] == absl::StrCat("--", name)) {
        Options options;
        ApplyGlobal("output", name, options);
        format = options.output;
      }
    }
  }
  return format;
}

std::string Nearest(absl::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  int least = static_cast<int>(word.size()) / 2 + 1;  // Farther than that is a guess.
  for (const std::string& candidate : candidates) {
    int distance = Distance(word, candidate);
    if (word.size() >= 2 && absl::StartsWith(candidate, word)) distance = 0;
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace weft::cli
